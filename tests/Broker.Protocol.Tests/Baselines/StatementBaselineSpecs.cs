using System.Reflection;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Tests.Directory;
using Broker.Protocol.Tests.Support;
using Broker.Protocol.Transfer;

namespace Broker.Protocol.Tests.Baselines;

public class StatementBaselineSpecs
{
    private static readonly Name A = Name.Parse("a");

    [Fact]
    public void Encodings_should_be_those_of_the_baseline() => Baseline.Check(
        "statements.txt",
        [
            .. StatementType.Found.Select(t => StatementType.Named(t.Name)).Zip(StatementType.Found)
                .Select(t => Line(t.Second.Name, t.First.Encode(t.First.Sample(1)))),
            Line("info of an upload", PutCredentialPayload.Info(A, A, 1, TestKey.Alice.Public)),
            Line("intent of a promotion", (Samples.Make<IntentRecord>(new Seeded(1)) with { Launch = new byte[] { 1, 2 } }).Encode()),
            Line("aad in the place of a hand-off", (Samples.Make<MessageHeader>(new Seeded(1)) with
            {
                Replaces = new Id16([.. Enumerable.Repeat((byte)1, Id16.Length)]),
            }).Encode()),
            Line("hand-off id of a promotion", HandOffId.Of(Digest.Of([]), [1, 2]).ToArray()),
            Line("credential with stages", CredentialStagesSpecs.Staged.Encode()),
            Line("aad of an upload", PutCredentialPayload.AssociatedData(A, CredentialKind.Opaque, A, 2, A, default)),
            Line("owner's finish", SessionTranscript.OwnerFinish(Digest.Of([]), [1, 2])),
            Line("transcript", SessionTranscript.Hash([1], [2], [3]).ToArray()),
            Line("info of a sealed share", CustodyInfo.SealedShare(A, A, 1, default, 2)),
            Line("info of a share for unlock", CustodyInfo.ShareForUnlock(A, A, 1, default, 2, Digest.Of([]))),
            Line("aad of a share for unlock", CustodyInfo.AcceptedHead(3, Digest.Of([]))),
            Line("confirmation", CustodyInfo.Confirmation),
            Line("info of a sealed wrap", SealedWrap.Info(A, A, 1, A, default, TestKey.Alice.Public, TestKey.Alice.Public)),
            Line("info of a wrap for unlock", CustodyInfo.WrapForUnlock(A, A, 1, A, default, Digest.Of([]))),
            Line("confirmation of a wrap", CustodyInfo.WrapConfirmation(A, A, 1, A, default, TestKey.Alice.Public)),
            Line("proof of a share", CustodyInfo.ShareProof(A, A, 1, default, 2)),
            Line("proof of a wrap", CustodyInfo.WrapProof(A, A, 1, A, default)),
            Line("label of a wrap", System.Text.Encoding.UTF8.GetBytes(SealedWrap.ObjectLabel(A, A, 1, A, default))),
            Line("info of a transfer", Samples.Make<TransferIntent>(new Seeded(1)).Info(Digest.Of([]), Digest.Of([1]))),
            Line("hand-off id", HandOffId.Of(Digest.Of([]), A).ToArray()),
            Line("leaf key", EntryKey.Row(A, 7).LeafKey.ToArray()),
        ]);

    // Guards the files themselves: what was written when a line entered the baseline is still read today.
    [Fact]
    public void Encodings_of_the_baseline_should_be_read()
    {
        var lines = Baseline.Lines("statements.txt").Select(l => l.Split(": ")).ToDictionary(l => l[0], l => Convert.FromHexString(l[1]));
        foreach (var found in StatementType.Found)
        {
            var type = StatementType.Named(found.Name);
            Assert.Equal(lines[found.Name], type.Encode(type.Read(lines[found.Name])));
        }
    }

    [Fact]
    public void Words_should_be_those_of_the_baseline() => Baseline.Check(
        "words.txt",
        [
            .. new[]
            {
                typeof(AdmissionKind), typeof(AdmissionRefusal), typeof(BlockKind), typeof(HandOffState), typeof(RequestRefusal),
                typeof(Direction), typeof(MessageType), typeof(EntryKey),
            }.SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral)
                .Select(f => $"{t.Name}.{f.Name}: {f.GetRawConstantValue()}")),
            .. CredentialKinds.All.Select(k => $"CredentialKind.{k.Kind}: {k.Text}"),
            .. Enum.GetValues<Role>().Select(r => $"Role.{r}: {r.ToText()}"),
            .. Enum.GetValues<VersionStage>().Select(s => $"VersionStage.{s}: {s.ToText()}"),
            $"ReleasePolicy.Default: {ReleasePolicy.Default}",
            .. Enum.GetValues<WayKind>().Select(k => $"WayKind.{k}: {k.ToText()}"),
            .. UserAction.All.Select(a => $"UserAction {a.Name}: {string.Join(", ", a.Roles)}{(a.Grave ? "; grave" : "")}"),
        ]);

    [Fact]
    public void Table_of_actions_should_list_each_action_once()
    {
        var declared = typeof(UserAction).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => f.FieldType == typeof(UserAction)).Select(f => (UserAction)f.GetValue(null)!).ToList();
        Assert.Equal(
            declared.Select(a => a.Name).Order(StringComparer.Ordinal), UserAction.All.Select(a => a.Name).Order(StringComparer.Ordinal));
        Assert.Equal(declared.Count, declared.DistinctBy(a => a.Name).Count());
    }

    private static string Line(string name, byte[] encoding) => $"{name}: {Convert.ToHexStringLower(encoding)}";
}
