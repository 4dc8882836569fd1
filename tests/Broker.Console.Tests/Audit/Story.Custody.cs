using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Console.Tests.Audit;

/// <content>Other custodies and further epochs.</content>
internal sealed partial class Story
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>The secret of the newest epoch.</summary>
    public CustomerSecret Newest => Signer ?? Secret;

    /// <summary>Custody changes as it is asked for; the record that the header shows is bent.</summary>
    public Story AndCustodyChanged(
        Func<CustodyRecord, CustodyRecord>? bend = null, uint? epoch = null, uint required = 2, params string[] signers)
    {
        var request = Ask(
            signers is [var first, ..] ? first : "alice", UserAction.ChangeCustody,
            new ChangeCustodyPayload(
                [.. Custody.Ways.Select(static w => w.Way)], true, required, epoch ?? Custody.Epoch, Custody.Revision).Encode(),
            signers is [_, .. var more] ? more : ["erin"]);
        Blocks.Add((BlockKind.Change, new ChangeRecord([request.Encode()], NextHead(Newest)).Encode()));
        var changed = Custody with { Revision = Custody.Revision + 1, Plan = request.Hash, AdministratorsRequired = required };
        Custody = bend?.Invoke(changed) ?? changed;
        return this;
    }

    /// <summary>A rotation from its first block to its last.</summary>
    public Story AndRotated(bool compromised = false) => Rotate(compromised: compromised);

    /// <summary>A rotation that is not as it should be.</summary>
    /// <param name="user">Who asks.</param>
    /// <param name="asked">Bends the request's payload.</param>
    /// <param name="compromised">Whether the old identity is given up, in request and succession.</param>
    /// <param name="link">Bends what the old identity signs.</param>
    /// <param name="oldSignature">Instead of its signature.</param>
    /// <param name="linkBy">Signs the succession instead of the new identity.</param>
    /// <param name="headBy">Signs the first head instead of the new identity.</param>
    /// <param name="resealed">Bends the intent by which rows are encrypted anew.</param>
    public Story Rotate(
        string user = "alice", Func<RotatePayload, RotatePayload>? asked = null, bool compromised = false,
        Func<Succession, Succession>? link = null, Func<byte[], byte[]>? oldSignature = null, CustomerSecret? linkBy = null,
        CustomerSecret? headBy = null, Func<RotationIntent, RotationIntent>? resealed = null)
    {
        if (Newest.Predecessor is not null)
            Newest.ForgetPredecessor();
        var (old, next) = (Newest, Newest.Succeed(SystemRandom.Fill));
        _owned.Add(next);
        var payload = new RotatePayload(
            [.. Custody.Ways.Select(static w => w.Way)], true, Custody.AdministratorsRequired, next.Epoch, compromised);
        var request = Ask(user, UserAction.Rotate, (asked?.Invoke(payload) ?? payload).Encode(), "erin");
        var succession = new Succession(Installation.Cluster, Customer, next.Epoch, old.Identity, next.Identity, compromised);
        var signed = old.Sign(link?.Invoke(succession) ?? succession);
        var signature = compromised ? [] : signed.Signature.ToArray();
        var entry = (linkBy ?? next).Sign(new SuccessionRecord(signed.Statement, oldSignature?.Invoke(signature) ?? signature));
        Blocks.Add((BlockKind.Rotated, new RotationRecord(request.Encode(), entry, NextHead(headBy ?? next)).Encode()));
        var intent = new RotationIntent(next.Epoch, Fence, Generation, Counter, [Digest.Zero]);
        Blocks.Add((BlockKind.Rotation, (resealed?.Invoke(intent) ?? intent).Encode()));
        Blocks.Add((BlockKind.Change, new ChangeRecord([], NextHead(next)).Encode()));
        Blocks.Add((BlockKind.RotationEnded, new ChangeRecord([], NextHead(next)).Encode()));
        Custody = Custody with
        {
            Epoch = next.Epoch,
            Revision = 1,
            Identity = next.Identity,
            Intake = next.Intake,
            Plan = request.Hash,
        };
        (Signer, Successions) = (next, [.. Successions ?? [], SignedModel.From(entry)]);
        return this;
    }

    /// <summary>Another secret of the same customer, as a zone could make one.</summary>
    public CustomerSecret Stranger()
    {
        var stranger = CustomerSecret.Create(Installation.Cluster, Customer, Newest.Epoch, SystemRandom.Fill);
        _owned.Add(stranger);
        return stranger;
    }

    /// <summary>A zone's own identity signs the chain, and the header says that it led to the customer's.</summary>
    public Story SignedByTheZone()
    {
        var own = Stranger();
        var lie = own.Sign(new SuccessionRecord(
            new Succession(Installation.Cluster, Customer, 2, own.Identity, Secret.Identity, true).Encode(), default));
        (Successions, _counter) = ([SignedModel.From(lie)], 0);
        Blocks.Clear();
        Blocks.Add((BlockKind.Enrolled, new ChangeRecord([new SignedRecord(Plan).Encode()], NextHead(own)).Encode()));
        return this;
    }

    /// <summary>A console had a row of a backup opened.</summary>
    public (string Kind, byte[] Body) BackupChecked(CustomerSecret? by = null, Func<BackupCheck, BackupCheck>? bend = null)
    {
        var check = new BackupCheck(
            Installation.Cluster, Customer, Newest.Epoch, Name.Parse("dmz-1"), "console/one", Fence, Generation, 1, Digest.Of([7]));
        return (BlockKind.BackupCheck, new SignedRecord((by ?? Newest).Sign(bend?.Invoke(check) ?? check)).Encode());
    }

    /// <summary>A change of the policy that stands, to one that lets more be handed over.</summary>
    public Story AndWider(params string[] signers)
    {
        var wider = Ask(signers[0], UserAction.PutPolicy, Policy("web", Agent, "web-2"), signers[1..]);
        Blocks.Add(Change(wider));
        return this;
    }

    /// <summary>The credential that there is moves to another policy.</summary>
    public Story AndMoved(params string[] signers)
    {
        var moved = Ask(
            signers[0], UserAction.PutCredential,
            new PutCredentialPayload(Name.Parse("key"), CredentialKind.Opaque, Name.Parse("other"), 1, Digest.Zero).Encode(), signers[1..]);
        Blocks.Add(Change(moved));
        return this;
    }
}
