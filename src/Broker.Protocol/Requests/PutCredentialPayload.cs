using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.PutCredential"/>: what the sealed upload is bound to, and its hash.</summary>
/// <param name="Credential">The credential.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Policy">The release policy, or <see cref="ReleasePolicy.Default"/>.</param>
/// <param name="Replaces">The version that it replaces; 0 for a new credential.</param>
/// <param name="Ciphertext">SHA-256 of the sealed upload.</param>
public sealed record PutCredentialPayload(Name Credential, CredentialKind Kind, Name Policy, uint Replaces, Digest Ciphertext)
    : IStatement<PutCredentialPayload>
{
    private const string Label = "broker/put-credential/1";

    /// <summary>The HPKE <c>info</c> of an upload.</summary>
    public static byte[] Info(Name cluster, Name customer, uint epoch, PublicKey intake) =>
        new EncWriter("broker/upload/1").Name(cluster).Name(customer).U32(epoch).Digest(intake.Fingerprint).ToArray();

    /// <summary>The associated data of the upload.</summary>
    public static byte[] AssociatedData(
        Name credential, CredentialKind kind, Name policy, uint replaces, Name user, Id16 idempotencyKey) =>
        new EncWriter("broker/upload-aad/1").Name(credential).Text(kind.ToText()).Name(policy).U32(replaces).Name(user).Id(idempotencyKey)
            .ToArray();

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Credential).Text(Kind.ToText()).Name(Policy).U32(Replaces).Digest(Ciphertext).ToArray();

    /// <inheritdoc/>
    public static PutCredentialPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new PutCredentialPayload(r.Name(), CredentialKinds.Parse(r.Text()), r.Name(), r.U32(), r.Digest());
        r.End();
        return payload;
    }
}
