using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>Changes of credentials and of the policies that govern them.</summary>
internal sealed partial class ChangeSet
{
    private ChangeResult Put(PutCredentialPayload put, Request request, ReadOnlyMemory<byte> upload, VersionStage stage)
    {
        if (Digest.Of(upload.Span) != put.Ciphertext)
        {
            return new Refused(Codes.UploadWrong, "the upload is not the one that was signed");
        }

        var old = Find<CredentialEntry>(EntryKey.Credential(put.Credential));
        if ((old?.Latest ?? 0) != put.Replaces)
        {
            return new Refused(
                Codes.VersionConflict, $"the credential is at version {old?.Latest ?? 0}, not {put.Replaces}; look at it and put again");
        }

        if (old?.Stages?.Next is { } next)
        {
            return new Refused(
                Codes.VersionUnderWay, $"version {next.Version} is {next.Stage.ToText()}; promote or retire it first");
        }

        if (old is not null && old.Kind != put.Kind)
        {
            return new Refused(Codes.VersionConflict, $"the credential is a {old.Kind.ToText()}; delete it to change its kind");
        }

        if (put.Policy != ReleasePolicy.Default && Find<ReleasePolicy>(EntryKey.Policy(put.Policy)) is null)
        {
            return new Refused(Codes.PolicyUnknown, $"there is no policy {put.Policy}; brokerctl policy put makes one");
        }

        SecretBuffer plaintext;
        try
        {
            plaintext = Open(_secret, put, request, upload);
        }
        catch (SealedDataException)
        {
            return IsOfEpochBefore(put, request, upload)
                ? new Refused(Codes.IntakeRotated, "the upload was sealed to the intake key of the epoch before; seal it to the new one")
                : new Refused(Codes.UploadWrong, "the upload was sealed to another intake key or bound to something else");
        }

        using (plaintext)
        {
            if (plaintext.Length > CredentialKinds.MaxLength)
            {
                return new Refused(Codes.UploadTooLarge, "a credential is at most 1 MiB");
            }

            var version = put.Replaces + 1;
            var header = new RowHeader(
                _node.Cluster, _custody.Customer, put.Credential, version, put.Kind, _secret.Epoch, (uint)plaintext.Length);
            var row = RowCipher.Seal(_secret, header, plaintext.Span, _node.Random);
            _changed[Brought(EntryKey.Row(put.Credential, version))] = new Signed(row.Encode(), default);
            return Enter(put, old, stage, (uint)plaintext.Length, request.User);
        }
    }

    private SecretBuffer Open(CustomerSecret secret, PutCredentialPayload put, Request request, ReadOnlyMemory<byte> upload) =>
        secret.OpenUpload(
            PutCredentialPayload.Info(_node.Cluster, _custody.Customer, secret.Epoch, secret.Intake),
            PutCredentialPayload.AssociatedData(
                put.Credential, put.Kind, put.Policy, put.Replaces, request.User, request.IdempotencyKey),
            upload.Span);

    // Whose console has not seen the succession yet is told so, as long as this can be known.
    private bool IsOfEpochBefore(PutCredentialPayload put, Request request, ReadOnlyMemory<byte> upload)
    {
        if (_secret.Predecessor is not { } old)
        {
            return false;
        }

        try
        {
            Open(old, put, request, upload).Dispose();
            return true;
        }
        catch (SealedDataException)
        {
            return false;
        }
    }

    private ChangeResult DeleteCredential(NamePayload payload)
    {
        if (Find<CredentialEntry>(EntryKey.Credential(payload.Subject)) is not { } entry)
        {
            return new Refused(Codes.CredentialUnknown, $"there is no credential {payload.Subject}");
        }

        var keys = Enumerable.Range(1, (int)entry.Latest).Select(v => EntryKey.Row(payload.Subject, (uint)v)).ToList();
        if (keys.Any(k => !_proven.ContainsKey(k)))
        {
            return new Refused(Codes.VersionConflict, "the credential got a new version meanwhile; delete again");
        }

        // Rows of retired versions may be deleted already.
        keys.Where(k => _changed.ContainsKey(k) || _proven[k].Leaf != Digest.Zero).ToList().ForEach(Remove);
        Remove(EntryKey.Credential(payload.Subject));
        RemoveHandOver(payload.Subject);
        return Done;
    }

    private ChangeResult PutPolicy(PutPolicyPayload put)
    {
        if (put.Policy == ReleasePolicy.Default)
        {
            return new Refused(Codes.PolicyForbids, $"the policy {ReleasePolicy.Default} is built in and hands nothing over");
        }

        Set(EntryKey.Policy(put.Policy), ToPolicy(put));
        return Done;
    }
}
