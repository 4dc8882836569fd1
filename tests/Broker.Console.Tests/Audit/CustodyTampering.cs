using Broker.Console.Tests.Support;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Transfer;

namespace Broker.Console.Tests.Audit;

/// <summary>What a zone that lies may do to a trail with changed custody, further epochs and transfers.</summary>
internal static class CustodyTampering
{
    private static readonly Dictionary<string, (Action<Story> Act, ulong Position, string Code)> Ways = new()
    {
        ["custody of another epoch changed"] = (static s => s.AndCustodyChanged(epoch: 2), 3, "custody-of-another"),
        ["custody changed by an operator"] = (static s => s.AndCustodyChanged(signers: ["olga", "alice", "erin"]), 3,
            RequestRefusal.RoleForbids),
        ["custody changed to two by one"] = (static s => s.AndCustodyChanged(signers: ["alice"]), 3, RequestRefusal.CoSignatureNeeded),
        ["custody record that nobody asked for"] = (
            static s => s.AndCustodyChanged(static c => c with { Plan = Digest.Zero }), 3, "plan-of-another"),
        ["custody record with fewer administrators"] = (
            static s => s.AndCustodyChanged(static c => c with { AdministratorsRequired = 1 }), 3, "plan-not-echoed"),
        ["custody record with other ways"] = (
            static s => s.AndCustodyChanged(static c => c with { Ways = [] }), 3, "plan-not-echoed"),

        ["rotation by an operator"] = (static s => s.Rotate(user: "olga"), 3, RequestRefusal.RoleForbids),
        ["rotation of a later epoch"] = (static s => s.Rotate(asked: static p => p with { Epoch = 3 }), 3, "succession-forged"),
        ["succession without the old signature"] = (
            static s => s.Rotate(oldSignature: static _ => new byte[64]), 3, "succession-forged"),
        ["succession with an altered signature"] = (static s => s.Rotate(oldSignature: Flip), 3, "succession-forged"),
        ["succession given up that was not asked so"] = (
            static s => s.Rotate(link: static l => l with { Compromised = true }, oldSignature: static _ => []), 3, "succession-forged"),
        ["succession asked as given up and signed"] = (
            static s => s.Rotate(asked: static p => p with { Compromised = true }), 3, "succession-forged"),
        ["succession given up with a signature"] = (
            static s => s.Rotate(compromised: true, oldSignature: static _ => new byte[64]), 3, "succession-forged"),
        ["succession to another key"] = (
            static s => Given(s.Stranger().Identity, other => s.Rotate(link: l => l with { New = other })), 3, "succession-forged"),
        ["succession from another key"] = (
            static s => Given(s.Stranger().Identity, other => s.Rotate(link: l => l with { Old = other })), 0, "head-forged"),
        ["succession of another customer"] = (
            static s => s.Rotate(link: static l => l with { Customer = Name.Parse("other") }), 3, "succession-forged"),
        ["succession that the new identity did not sign"] = (static s => s.Rotate(linkBy: s.Secret), 3, "succession-forged"),
        ["rotation under the old identity's head"] = (static s => s.Rotate(headBy: s.Secret), 3, "head-forged"),
        ["rows encrypted anew for another epoch"] = (
            static s => s.Rotate(resealed: static i => i with { Epoch = 1 }), 4, "intent-differs"),
        ["rows encrypted anew under an old fence"] = (
            static s => s.Rotate(resealed: static i => i with { Fence = 0 }), 4, "intent-differs"),
        ["rows encrypted anew under an old head"] = (
            static s => s.Rotate(resealed: static i => i with { HeadCounter = 6 }), 4, "intent-differs"),
        ["rotation left out"] = (static s => s.AndRotated().Blocks.RemoveAt(3), 3, "intent-differs"),
        ["rotation while locked"] = (static s => Locked(s).AndRotated(), 4, "change-while-locked"),
        ["rows encrypted anew while locked"] = (static s => Lock(s.AndRotated(), 4), 5, "intent-while-locked"),
        ["head of the old identity after a rotation"] = (
            static s => s.AndRotated().Blocks.Add((BlockKind.Change, new ChangeRecord([], s.NextHead()).Encode())), 7, "head-forged"),
        ["claim of the old epoch after a rotation"] = (static s => s.AndRotated().Blocks.Add(s.Claim(2, 0)), 7, "claim-forged"),
        ["outcome of the old identity after a rotation"] = (
            static s => s.AndRotated().Blocks.Add(s.Outcome(s.SecondRequest, HandOffState.Refused)), 7, "outcome-forged"),
        ["a chain of the zone's own identity"] = (static s => s.SignedByTheZone(), 0, "identity-of-another"),

        ["backup looked into by another identity"] = (
            static s => s.Blocks.Add(s.BackupChecked(s.Stranger())), 3, "backup-check-forged"),
        ["backup of another customer looked into"] = (
            static s => s.Blocks.Add(s.BackupChecked(bend: static c => c with { Customer = Name.Parse("other") })), 3,
            "backup-check-of-another"),
        ["backup looked into under an old fence"] = (
            static s => s.Blocks.Add(s.BackupChecked(bend: static c => c with { Fence = 0 })), 3, "fence-stale"),
        ["backup looked into while locked"] = (
            static s => Locked(s).Blocks.Add(s.BackupChecked()), 4, "intent-while-locked"),
        ["transfer by another identity"] = (static s => s.AndTransferred(new() { IntentBy = s.Stranger() }), 3, "transfer-forged"),
        ["transfer by the old identity"] = (
            static s => s.AndRotated().AndTransferred(new() { IntentBy = s.Secret }), 7, "transfer-forged"),
        ["transfer of another customer"] = (
            static s => s.AndTransferred(Bent(static i => i with { Customer = Name.Parse("other") })), 3, "transfer-of-another"),
        ["transfer of an epoch that is to come"] = (
            static s => s.AndTransferred(Bent(static i => i with { Epochs = [1, 2] })), 3, "transfer-of-another"),
        ["transfer of an epoch that is over"] = (
            static s => s.AndRotated().AndTransferred(Bent(static i => i with { Epochs = [1] })), 7, "transfer-of-another"),
        ["transfer of epochs in disorder"] = (
            static s => s.AndRotated().AndTransferred(Bent(static i => i with { Epochs = [2, 1] })), 7, "transfer-of-another"),
        ["transfer under an old fence"] = (static s => s.AndTransferred(new() { Fence = 0 }), 3, "fence-stale"),
        ["transfer under another lock generation"] = (
            static s => s.AndTransferred(Bent(static i => i with { LockGeneration = 1 })), 3, "intent-while-locked"),
        ["transfer while locked"] = (static s => Locked(s).AndTransferred(), 4, "intent-while-locked"),
        ["transfer of a request that is not there"] = (
            static s => s.AndTransferred(Bent(static i => i with { Request = Digest.Zero })), 3, "transfer-unproven"),
        ["transfer to another node than asked"] = (
            static s => s.AndTransferred(Bent(static i => i with { Node = Name.Parse("dmz-3") })), 3, "transfer-unproven"),
        ["transfer to another start than asked"] = (
            static s => s.AndTransferred(Bent(static i => i with { Incarnation = Digest.Zero })), 3, "transfer-unproven"),
        ["transfer by another holder than asked"] = (
            static s => s.AndTransferred(Bent(static i => i with { Holder = Digest.Zero })), 3, "transfer-unproven"),
        ["transfer asked for another customer"] = (
            static s => s.AndTransferred(new() { Request = static r => r with { Customer = Name.Parse("other") } }), 3,
            "transfer-unproven"),
        ["transfer asked for another epoch"] = (
            static s => s.AndTransferred(new() { Request = static r => r with { Epoch = 2 } }), 3, "transfer-unproven"),
        ["transfer asked for by another key"] = (
            static s => s.AndTransferred(new() { RequestByAnother = true }), 3, "transfer-unproven"),
        ["transfer twice"] = (static s => s.AndTransferred().Blocks.Add(s.Blocks[^1]), 4, "transfer-repeated"),
        ["transfer to a console"] = (
            static s => s.AndTransferred(new() { Node = s.Installation.Issue(LinkRole.Console, "dmz-2") }), 3, "transfer-unproven"),
        ["transfer to a start that another node signed"] = (
            static s => s.AndTransferred(new() { Node = s.Installation.Issue(LinkRole.Dmz, "dmz-3") }), 3, "transfer-unproven"),
        ["transfer to a node of a foreign root"] = (Foreign, 3, "transfer-unproven"),
        ["transfer to a start of another key"] = (
            static s => Given(s.Stranger().Identity, other =>
                s.AndTransferred(new() { Incarnation = i => i with { Key = other } })), 3, "transfer-unproven"),
        ["transfer to a start of another node"] = (
            static s => s.AndTransferred(new() { Incarnation = static i => i with { Node = Name.Parse("dmz-3") } }), 3,
            "transfer-unproven"),
        ["transfer with another admission than asked"] = (
            static s => s.AndTransferred(new() { Request = static r => r with { Admission = Digest.Zero } }), 3, "transfer-unproven"),
        ["transfer that names another admission"] = (
            static s => s.AndTransferred(Bent(static i => i with { AdmissionKind = AdmissionKind.Ticket })), 3, "transfer-unproven"),
        ["transfer by an unknown admission"] = (
            static s => s.AndTransferred(new()
            {
                Request = static r => r with { Admission = new Admission("whim", default, []).Hash() },
                Admission = static a => a with { Kind = "whim" },
                Intent = static i => i with { AdmissionKind = "whim" },
            }), 3, "transfer-unproven"),
        ["ticket that the identity did not sign"] = (
            static s => s.AndTransferred(new() { Kind = AdmissionKind.Ticket, TicketBy = s.Stranger() }), 3, "transfer-unproven"),
        ["ticket whose key did not sign the request"] = (
            static s => s.AndTransferred(new() { Kind = AdmissionKind.Ticket, TicketKeyOfAnother = true }), 3, "transfer-unproven"),
        ["ticket for another node"] = (
            static s => s.AndTransferred(new() { Kind = AdmissionKind.Ticket, Ticket = static t => t with { Node = Name.Parse("dmz-3") } }),
            3, "transfer-unproven"),
        ["ticket of another holder"] = (
            static s => s.AndTransferred(new() { Kind = AdmissionKind.Ticket, Ticket = static t => t with { Holder = Digest.Zero } }), 3,
            "transfer-unproven"),
        ["ticket whose time is over"] = (
            static s => s.AndTransferred(new()
            {
                Kind = AdmissionKind.Ticket,
                Ticket = static t => t with { NotAfter = t.NotAfter.AddHours(-1) },
            }), 3, "transfer-unproven"),
        ["statement for another start"] = (
            static s => s.AndTransferred(new()
            {
                Kind = AdmissionKind.Statement,
                Statement = static a => a with { Incarnation = Digest.Zero },
            }), 3, "transfer-unproven"),
        ["statement for another binary"] = (
            static s => s.AndTransferred(new() { Kind = AdmissionKind.Statement, Statement = static a => a with { Binary = Digest.Zero } }),
            3, "transfer-unproven"),
        ["statement whose time is over"] = (
            static s => s.AndTransferred(new()
            {
                Kind = AdmissionKind.Statement,
                Statement = static a => a with { NotAfter = a.NotAfter.AddHours(-2) },
            }), 3, "transfer-unproven"),
    };

    public static IEnumerable<string> Names => Ways.Keys;

    public static TheoryData<string, ulong, string> All
    {
        get
        {
            var all = new TheoryData<string, ulong, string>();
            foreach (var (name, way) in Ways)
                all.Add(name, way.Position, way.Code);
            return all;
        }
    }

    public static Story Tell(string name)
    {
        var story = new Story(isShort: true);
        Ways[name].Act(story);
        return story.Seal();
    }

    private static Story.Transferring Bent(Func<TransferIntent, TransferIntent> bend) => new() { Intent = bend };

    private static void Given<T>(T value, Action<T> act) => act(value);

    private static Story Locked(Story story) => Lock(story, story.Blocks.Count);

    private static Story Lock(Story story, int at)
    {
        story.Blocks.Insert(at, (BlockKind.Lock, story.Ask("alice", UserAction.Lock, new LockPayload(0, "test").Encode()).Encode()));
        return story;
    }

    private static void Foreign(Story story)
    {
        using var foreign = new TestInstallation();
        story.AndTransferred(new() { Node = foreign.Issue(LinkRole.Dmz, "dmz-2") });
    }

    private static byte[] Flip(byte[] signature) => [(byte)(signature[0] ^ 1), .. signature[1..]];
}
