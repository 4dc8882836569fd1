using Broker.Protocol.Backup;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Protocol.Tests.Support;

/// <summary>How to make a value of each statement type. A test fails while a type is missing.</summary>
internal static class Samples
{
    private static readonly Dictionary<Type, Func<Seeded, object>> Makers = [];

    static Samples()
    {
        RegisterCustody();
        RegisterDirectory();
        RegisterLedger();
        RegisterRequests();
        RegisterSession();
        RegisterTransfer();
        RegisterBackup();
    }

    public static IReadOnlyCollection<Type> Types => Makers.Keys;

    public static T Make<T>(Seeded s) => (T)Makers[typeof(T)](s);

    private static void RegisterCustody()
    {
        Register(s => new Claim(s.NextName(), s.NextName(), s.NextU32(), s.NextName(), s.NextDigest(), s.Next(), s.Next()));
        Register(s => new CustodyRecord(
            s.NextName(), s.NextName(), s.NextU32(), s.NextU32(), s.Some(0, 3, () => Kept(s)), s.NextU32(), s.NextKey(), s.NextKey(),
            s.NextDigest()));
        Register(s => new EnrolmentPlan(
            s.NextName(), s.NextName(), s.NextDigest(), s.Some(0, 3, () => Way(s)), s.Below(2) == 1, NamedKeys(s), s.NextU32(),
            s.NextTime()));
        Register(s => new CustodyChallenge(
            s.NextName(), s.NextName(), s.NextU32(), s.NextName(), s.NextDigest(), s.NextDigest()));
        Register(s => new SealedWrap(
            s.NextName(), s.NextName(), s.NextU32(), s.NextName(), s.NextId(), s.NextKey(), s.NextKey(), s.Bytes(s.Below(300))));
        Register(s => new Succession(s.NextName(), s.NextName(), s.NextU32(), s.NextKey(), s.NextKey(), s.Below(2) == 1));
        Register(s => new SuccessionRecord(s.Bytes(s.Below(100)), s.Bytes(s.Below(2) * PublicKey.SignatureLength)));
        Register(s => new Incarnation(s.NextName(), s.NextName(), s.NextKey(), s.NextDigest(), s.NextTime()));
    }

    private static void RegisterDirectory()
    {
        Register(s => new CredentialEntry(
            s.NextName(), s.NextName(), s.NextName(), s.NextKind(), s.NextName(), s.NextU32(), s.NextU32(), s.NextTime(), s.NextName()));
        Register(s => new CustomerHead(
            s.NextName(), s.NextName(), s.NextU32(), s.Next(), s.NextDigest(), s.Next(), s.NextDigest()));
        Register(s => new Grant(
            s.NextName(), s.NextName(), s.NextU32(), s.NextName(), s.NextKey(), s.NextText(), s.Some(0, 3, s.NextName), s.NextId(),
            s.NextTime(), s.NextTime(), s.NextDigest()));
        Register(s => new ReleasePolicy(
            s.NextName(), s.NextName(), s.NextName(), s.Some(0, 3, s.NextName), s.Some(0, 3, s.NextName), s.Some(0, 3, s.NextName),
            s.Some(0, 4, s.NextRole)));
        Register(s => new RequestRecord(
            s.NextName(), s.NextName(), s.NextName(), s.NextId(), s.NextDigest(), s.NextTime(), s.Next(), s.NextU32()));
        Register(s => new RowHeader(
            s.NextName(), s.NextName(), s.NextName(), s.NextU32(), s.NextKind(), s.NextU32(), s.NextU32()));
        Register(s => new StoredRow(
            s.Bytes(s.Below(60)), s.Bytes(StoredRow.SaltLength), s.Bytes(StoredRow.SaltLength), s.Bytes(s.Below(200))));
        Register(s => new UserEntry(s.NextName(), s.NextName(), s.NextName(), s.NextRole(), s.NextKey()));
    }

    private static void RegisterLedger()
    {
        Register(s => new Batch(s.NextName(), s.NextDigest(), s.NextU32(), s.NextDigest(), s.NextTime()));
        Register(s => new Block(
            s.NextName(), s.Below(3) == 0 ? Block.ClusterChain : s.NextName().Value, s.Next(), s.NextDigest(), s.NextTime(), s.NextText(),
            s.Bytes(s.Below(100))));
        Register(s => new Intent(
            s.NextDigest(), s.NextId(), s.NextU32(), s.Next(), s.Next(), s.Next(), s.Some(0, 4, s.NextDigest)));
        Register(s => new Outcomes(s.NextName(), s.NextName(), s.Some(1, 4, () => new Outcome(
            s.NextId(), s.NextU32(), s.NextDigest(), s.NextText(), s.NextText(), s.NextTime()))));
        Register(s => new Receipt(s.Bytes(s.Below(100)), s.NextU32(), s.Some(0, 12, s.NextDigest), Signed(s)));
        Register(s => new IntentRecord(s.Bytes(s.Below(100)), s.Bytes(s.Below(100))));
        Register(s => new ChangeRecord(s.Some<ReadOnlyMemory<byte>>(0, 3, () => s.Bytes(s.Below(40))), Signed(s)));
        Register(s => new SignedRecord(Signed(s)));
        Register(s => new CustodyEvent(s.NextName(), s.NextText(), s.NextText(), s.NextText(), s.NextU32()));
        Register(s => new Refusal(s.NextName(), s.NextText(), s.NextText(), s.NextText(), s.NextU32()));
        Register(s => new RotationIntent(s.NextU32(), s.Next(), s.Next(), s.Next(), s.Some(0, 4, s.NextDigest)));
        Register(s => new RotationRecord(s.Bytes(s.Below(100)), Signed(s), Signed(s)));
        Register(s => new LedgerKeyRecord(s.Bytes(s.Below(100))));
        Register(s => new ChainHead(s.NextName(), s.Next(), s.NextDigest()));
        Register(s => new Restoration(
            s.NextName(), s.NextName(), s.NextU32(), s.NextName(), s.NextText(), s.Next(), s.NextDigest(), s.Next(), s.Next(), s.Next()));
        Register(s => new RestoredRecord(Signed(s), Signed(s)));
    }

    private static void RegisterRequests()
    {
        Register(s => new Request(
            s.NextName(), s.NextName(), s.NextName(), s.NextText(), s.NextId(), s.NextTime(), s.NextDigest()));
        Register(s => new SignedRequest(
            s.Bytes(s.Below(100)), s.Bytes(s.Below(100)), s.Some(0, 4, () => new UserSignature(s.NextName(), s.Bytes(64)))));
        Register(s => new LaunchPayload(
            s.NextName(), s.Some(1, 4, () => new LaunchItem(s.NextName(), s.NextU32(), s.NextName())), s.NextId()));
        Register(s => new PutCredentialPayload(s.NextName(), s.NextKind(), s.NextName(), s.NextU32(), s.NextDigest()));
        Register(s => new NamePayload(s.NextName()));
        Register(s => new PutUserPayload(s.NextName(), s.NextRole(), s.NextKey()));
        Register(s => new PutPolicyPayload(
            s.NextName(), s.Some(0, 3, s.NextName), s.Some(0, 3, s.NextName), s.Some(0, 3, s.NextName), s.Some(0, 4, s.NextRole)));
        Register(s => new InviteAgentPayload(s.NextName(), s.NextText(), s.Some(0, 3, s.NextName), s.NextKey(), s.NextTime()));
        Register(s => new LockPayload(s.Next(), s.NextText()));
        Register(s => new ChangeCustodyPayload(s.Some(0, 3, () => Way(s)), s.Below(2) == 1, s.NextU32(), s.NextU32(), s.NextU32()));
        Register(s => new RotatePayload(s.Some(0, 3, () => Way(s)), s.Below(2) == 1, s.NextU32(), s.NextU32(), s.Below(2) == 1));
        Register(s => new ReleasePayload(s.NextName(), s.NextId()));
        Register(_ => new LoginPayload());
    }

    private static void RegisterSession()
    {
        Register(s => new AgentRequest(
            s.NextName(), s.NextName(), s.NextName(), s.NextText(), s.NextKey(), s.NextKey(), s.NextId()));
        Register(s => new OwnerHello(
            s.NextName(), s.NextName(), s.NextU32(), s.NextDigest(), s.NextName(), s.NextDigest(), s.Next(), s.NextName(),
            s.NextDigest(), s.NextId(), s.NextDigest()));
        Register(s => new AgentReport(s.NextText(), s.NextText()));
        Register(s => new AgentHello(s.NextDigest(), s.NextId(), s.Next(), s.Next(), s.NextKey(), s.NextDigest()));
        Register(s => new MessageHeader(
            s.NextDigest(), s.NextText(), s.Next(), s.NextText(), s.NextName(), s.NextId(), s.NextDigest(), s.NextU32(), s.Next(),
            s.Next(),
            s.Some(0, 3, () => new EnvelopeItem(s.NextName(), s.NextU32(), s.NextKind(), s.NextName(), s.NextU32())),
            s.NextTime()));
    }

    private static void RegisterTransfer()
    {
        Register(s => new TransferRequest(
            s.NextName(), s.NextName(), s.NextU32(), s.NextName(), s.NextDigest(), s.NextDigest(), s.NextDigest(), s.NextDigest(),
            s.NextTime()));
        Register(s => new Admission(
            s.NextText(), s.Bytes(s.Below(100)), s.Some(0, 4, () => new AdmissionSignature(s.NextName(), s.Bytes(64)))));
        Register(s => new DrainTicket(
            s.NextName(), s.NextName(), s.NextName(), s.NextDigest(), s.NextName(), s.NextDigest(), s.NextKey(), s.NextTime()));
        Register(s => new TicketRequest(
            s.NextName(), s.NextName(), s.NextName(), s.NextDigest(), s.NextDigest(), s.NextKey(), s.NextTime()));
        Register(s => new NodeAdmission(s.NextName(), s.NextName(), s.NextDigest(), s.NextDigest(), s.NextTime()));
        Register(s => new TransferIntent(
            s.NextName(), s.NextName(), s.Some(1, 2, s.NextU32), s.NextDigest(), s.NextText(), s.NextName(), s.NextDigest(), s.NextName(),
            s.NextDigest(), s.Next(), s.Next()));
        Register(s => new TransferRecord(
            Signed(s), Signed(s), s.Bytes(64), s.Bytes(s.Below(100)), Signed(s),
            s.Some<ReadOnlyMemory<byte>>(1, 3, () => s.Bytes(s.Below(40)))));
        Register(s => new HandOver(s.NextName(), s.NextName(), s.NextDigest(), s.NextName(), s.NextDigest(), s.Next()));
        Register(s => new Presence(s.NextName(), s.NextName(), s.NextDigest(), s.NextDigest()));
        Register(s => new DrawnTickets(s.Some(0, 3, () => new DrawnTicket(s.NextText(), Signed(s)))));
    }

    private static void RegisterBackup()
    {
        Register(s => new BackupProof(Signed(s), s.NextText(), s.Bytes(s.Below(100)), s.Bytes(s.Below(100))));
        Register(s => new BackupCheck(
            s.NextName(), s.NextName(), s.NextU32(), s.NextName(), s.NextText(), s.Next(), s.Next(), s.Next(), s.NextDigest()));
    }

    private static void Register<T>(Func<Seeded, T> maker)
        where T : IStatement<T> => Makers.Add(typeof(T), s => maker(s));

    private static Signed Signed(Seeded s) => new(s.Bytes(s.Below(60)), s.Bytes(PublicKey.SignatureLength));

    private static CustodyWay Way(Seeded s) => new(s.NextName(), (WayKind)s.Below(3), s.NextU32(), NamedKeys(s));

    private static KeptWay Kept(Seeded s)
    {
        var way = Way(s);
        return new KeptWay(way, s.NextId(), [.. way.Holders.Select(_ => s.NextKey())]);
    }

    private static NamedKey[] NamedKeys(Seeded s) => s.Some(0, 3, () => new NamedKey(s.NextName(), s.NextKey()));
}
