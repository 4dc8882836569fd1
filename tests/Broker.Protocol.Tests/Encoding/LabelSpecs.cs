using System.Buffers.Binary;
using System.Reflection;
using System.Text.RegularExpressions;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Tests.Support;
using Broker.Protocol.Transfer;

namespace Broker.Protocol.Tests.Encoding;

/// <summary>Nothing that was signed for one purpose reads as another.</summary>
public partial class LabelSpecs
{
    private static readonly Name A = Name.Parse("a");

    [Fact]
    public void Labels_should_be_unique_and_carry_their_version()
    {
        List<string> labels =
        [
            .. StatementType.Found.Select(t => StatementType.Named(t.Name)).Select(t => FirstField(t.Encode(t.Sample(0)))),
            FirstField(PutCredentialPayload.Info(A, A, 1, TestKey.Alice.Public)),
            FirstField(PutCredentialPayload.AssociatedData(A, CredentialKind.Opaque, A, 0, A, default)),
            FirstField(SessionTranscript.OwnerFinish(Digest.Zero, [])),
            FirstField(CustodyInfo.SealedShare(A, A, 1, default, 1)),
            FirstField(CustodyInfo.ShareForUnlock(A, A, 1, default, 1, Digest.Zero)),
            FirstField(CustodyInfo.AcceptedHead(0, Digest.Zero)),
            FirstField(CustodyInfo.Confirmation),
            FirstField(CustodyInfo.ShareProof(A, A, 1, default, 1)),
            FirstField(CustodyInfo.WrapProof(A, A, 1, A, default)),
            FirstField(CustodyInfo.WrapForUnlock(A, A, 1, A, default, Digest.Zero)),
            FirstField(CustodyInfo.WrapConfirmation(A, A, 1, A, default, TestKey.Alice.Public)),
            FirstField(SealedWrap.Info(A, A, 1, A, default, TestKey.Alice.Public, TestKey.Alice.Public)),
            FirstField(Samples.Make<TransferIntent>(new Seeded(0)).Info(Digest.Zero, Digest.Zero)),
            // In locked memory only: WrapRecord.
            "broker/wrap/1",
            // Only hashed, never given out: EntryKey.LeafKey and HandOffId; the baseline holds their values.
            "broker/leaf/1",
            "broker/hand-off/1",
            "broker/holder-hand-off/1",
            // Second versions, of what is encoded as the first where nothing more is to be said.
            FirstField(Directory.CredentialStagesSpecs.Staged.Encode()),
            FirstField((Samples.Make<IntentRecord>(new Seeded(0)) with { Launch = new byte[] { 1 } }).Encode()),
            FirstField((Samples.Make<MessageHeader>(new Seeded(0)) with { Replaces = HandOffId.Of(Digest.Zero, A) }).Encode()),
        ];
        Assert.All(labels, label => Assert.Matches(LabelForm(), label));
        Assert.Equal(labels.Count, labels.Distinct().Count());
    }

    [Fact]
    public void Label_constant_should_be_the_one_that_is_written()
    {
        foreach (var found in StatementType.Found)
        {
            var constant = found.GetField("Label", BindingFlags.NonPublic | BindingFlags.Static)?.GetRawConstantValue();
            var type = StatementType.Named(found.Name);
            Assert.Equal(constant, FirstField(type.Encode(type.Sample(0))));
        }
    }

    private static string FirstField(byte[] encoding) =>
        System.Text.Encoding.UTF8.GetString(encoding, 4, (int)BinaryPrimitives.ReadUInt32BigEndian(encoding));

    [GeneratedRegex("^broker/[a-z-]+/[12]\\z")]
    private static partial Regex LabelForm();
}
