using System.Buffers.Binary;
using Broker.Console.Audit;
using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Console.Tests.Audit;

/// <summary>
/// What a customer went through, as the blocks that a zone would write of it. Tests change blocks before they are chained and signed,
/// as a zone could that lies, or receipts after, as anybody could who holds the file.
/// </summary>
internal sealed partial class Story : IDisposable
{
    public const string Agent = "web-1";

    private readonly P256PrivateKey _alice = P256PrivateKey.Generate(SystemRandom.Fill);
    private readonly P256PrivateKey _erin = P256PrivateKey.Generate(SystemRandom.Fill);
    private readonly P256PrivateKey _olga = P256PrivateKey.Generate(SystemRandom.Fill);
    private readonly P256PrivateKey _custodian = P256PrivateKey.Generate(SystemRandom.Fill);
    private uint _key;
    private ulong _counter;

    /// <param name="administratorsRequired">Signatures under what is grave.</param>
    /// <param name="isShort">Whether it is the beginning alone: enrolled, claimed, and olga is an operator.</param>
    public Story(uint administratorsRequired = 1, bool isShort = false)
    {
        Secret = CustomerSecret.Create(Installation.Cluster, Customer, 1, SystemRandom.Fill);
        var shares = CustodyWay.OfShares(2, [Named("carol", _custodian), Named("dave", _olga)]);
        var plan = new EnrolmentPlan(
            Installation.Cluster, Customer, Digest.Zero, [shares], true,
            [Named("alice", _alice), Named("erin", _erin)], administratorsRequired, Time).Encode();
        Plan = new Signed(plan, Installation.Ledger.Sign(plan));
        Custody = new CustodyRecord(
            Installation.Cluster, Customer, 1, 1, [new KeptWay(shares, default, [Secret.Identity, Secret.Intake])], administratorsRequired,
            Secret.Identity, Secret.Intake, Digest.Of(plan));
        var launch = Ask("alice", UserAction.Launch, Launch(Agent));
        var second = Ask("olga", UserAction.Launch, Launch(Agent));
        var invitation = Ask("alice", UserAction.InviteAgent, new InviteAgentPayload(
            Name.Parse(Agent), "i-1", [], PublicKey.Parse(_custodian.PublicKey), Time).Encode());
        (LaunchRequest, SecondRequest) = (launch, second);
        if (isShort)
        {
            (Fence, Generation) = (1, 0);
            Blocks =
            [
                (BlockKind.Enrolled, new ChangeRecord([new SignedRecord(Plan).Encode()], NextHead()).Encode()),
                Claim(1, 0),
                Change(administratorsRequired == 1 ? PutOlga("alice") : PutOlga("alice", "erin")),
            ];
            return;
        }

        Blocks =
        [
            (BlockKind.Enrolled, new ChangeRecord([new SignedRecord(Plan).Encode()], NextHead()).Encode()),
            Claim(1, 0),
            Change(Ask("alice", UserAction.PutPolicy, Policy("web", Agent))),
            Change(Ask("alice", UserAction.PutCredential, new PutCredentialPayload(
                Name.Parse("key"), CredentialKind.Opaque, Name.Parse("web"), 0, Digest.Zero).Encode())),
            (BlockKind.Invitation, invitation.Encode()),
            Change(invitation),
            Intent(launch, fence: 1, generation: 0, head: 4),
            Outcome(launch, HandOffState.Acknowledged),
            Outcome(launch, HandOffState.Used),
            (BlockKind.Lock, Ask("alice", UserAction.Lock, new LockPayload(0, "test").Encode()).Encode()),
            Claim(2, 1),
            (BlockKind.Lock, Ask("alice", UserAction.LiftLock, new LockPayload(1, "test").Encode()).Encode()),
            Change(administratorsRequired == 1 ? PutOlga("alice") : PutOlga("alice", "erin")),
            Intent(second, fence: 2, generation: 1, head: 5),
            Outcome(second, HandOffState.Unconfirmed),
            (BlockKind.Refusal, new Refusal(Name.Parse("dmz-1"), "user/olga", "launch", "policy-forbids", 2).Encode()),
            Change(),
        ];
    }

    public TestInstallation Installation { get; } = new();

    /// <summary>The fence that stands at the end.</summary>
    public ulong Fence { get; } = 2;

    /// <summary>The lock generation at the end; it is lifted.</summary>
    public ulong Generation { get; } = 1;

    public Name Customer { get; } = Name.Parse("acme");

    public DateTimeOffset Time { get; } = TestInstallation.Now;

    public CustomerSecret Secret { get; }

    public CustodyRecord Custody { get; set; }

    public Signed Plan { get; }

    public SignedRequest LaunchRequest { get; }

    public SignedRequest SecondRequest { get; }

    /// <summary>The customer's blocks; change them before <see cref="Seal"/>.</summary>
    public List<(string Kind, byte[] Body)> Blocks { get; }

    /// <summary>Receipts of both chains.</summary>
    public List<AuditLine> Lines { get; private set; } = [];

    /// <summary>Who signs the custody record.</summary>
    public CustomerSecret? Signer { get; set; }

    public IReadOnlyList<SignedModel>? Successions { get; set; }

    public AuditHeader Header => new(
        AuditHeader.Version1, Installation.Cluster.Value, Customer.Value, SignedModel.From((Signer ?? Secret).Sign(Custody)), Successions);

    /// <summary>Chains and signs what stands in <see cref="Blocks"/>; the cluster's chain enters its end.</summary>
    /// <param name="batch">Blocks of one group commit.</param>
    /// <param name="successor">The ledger key that signs the customer's chain, entered by the first.</param>
    public Story Seal(int batch = TestLedger.BatchSize, Links.Identity.InstallationKey? successor = null)
    {
        var customer = TestLedger.Seal(successor ?? Installation.Ledger, Installation.Cluster, Customer.Value, Blocks, Time, batch);
        List<(string, byte[])> cluster = [(BlockKind.LedgerKey, new LedgerKeyRecord(Installation.Ledger.ChainDer[0]).Encode())];
        if (successor is not null)
            cluster.Add((BlockKind.LedgerKey, new LedgerKeyRecord(successor.ChainDer[0]).Encode()));
        cluster.Add((BlockKind.ChainHead, new ChainHead(Customer, (ulong)customer.Count - 1, TestLedger.HashOf(customer[^1])).Encode()));
        var receipts = TestLedger.Seal(Installation.Ledger, Installation.Cluster, Block.ClusterChain, cluster, Time);
        Lines = [.. receipts.Select(static r => new AuditLine(AuditLine.Cluster, r)), .. customer.Select(
            static r => new AuditLine(AuditLine.Customer, r))];
        return this;
    }

    public (AuditReport Report, Checkpoint? Checkpoint) Verify(Digest? pin = null, Checkpoint? before = null) =>
        AuditVerifier.Verify(Header, Lines, Installation.Trust, pin, before);

    public SignedRequest Ask(string user, UserAction action, byte[] payload, params string[] coSigners)
    {
        var key = new byte[Id16.Length];
        BinaryPrimitives.WriteUInt32BigEndian(key, ++_key);
        var statement = new Request(
            Installation.Cluster, Customer, Name.Parse(user), action.Name, new Id16(key), Time.AddMinutes(5), Digest.Of(payload)).Encode();
        return new SignedRequest(
            statement, payload, [.. coSigners.Prepend(user).Select(u => new UserSignature(Name.Parse(u), Sign(u, statement)))]);
    }

    public SignedRequest PutOlga(params string[] signers) => Ask(
        signers[0], UserAction.PutUser, new PutUserPayload(Name.Parse("olga"), Role.Operator, PublicKey.Parse(_olga.PublicKey)).Encode(),
        signers[1..]);

    public (string Kind, byte[] Body) Change(params SignedRequest[] causes) =>
        (BlockKind.Change, new ChangeRecord([.. causes.Select(static c => (ReadOnlyMemory<byte>)c.Encode())], NextHead()).Encode());

    public (string Kind, byte[] Body) Claim(ulong fence, ulong lifted) => (BlockKind.Claim, new SignedRecord(Secret.Sign(
        new Claim(Installation.Cluster, Customer, 1, Name.Parse("dmz-1"), Digest.Zero, fence, lifted))).Encode());

    public (string Kind, byte[] Body) Intent(
        SignedRequest request, ulong fence, ulong generation, ulong head, uint attempt = 1, string agent = Agent) =>
        (BlockKind.Intent, new IntentRecord(new Intent(
            request.Hash, HandOffId.Of(request.Hash, Name.Parse(agent)), attempt, fence, generation, head, []).Encode(),
            request.Encode()).Encode());

    public (string Kind, byte[] Body) Outcome(SignedRequest request, string state, uint attempt = 1, CustomerSecret? by = null) =>
        (BlockKind.Outcome, new SignedRecord((by ?? Secret).Sign(new Outcomes(Installation.Cluster, Customer, [new Outcome(
            HandOffId.Of(request.Hash, Name.Parse(Agent)), attempt, request.Hash, state, "", Time)]))).Encode());

    public Signed Head(ulong counter, CustomerSecret? by = null, ulong position = 0, Digest hash = default) =>
        (by ?? Secret).Sign(new CustomerHead(Installation.Cluster, Customer, (by ?? Secret).Epoch, counter, Digest.Of([(byte)counter]),
            position, hash));

    /// <summary>Custodians accept the head that stands, although 9 and fence 7 were seen; the next head is 10.</summary>
    public (string Kind, byte[] Body) Restored(
        ulong accepted = 6, ulong next = 10, CustomerSecret? by = null, Func<Restoration, Restoration>? bend = null)
    {
        var restoration = new Restoration(
            Installation.Cluster, Customer, 1, Name.Parse("dmz-1"), "head-rolled-back", accepted, Digest.Of([(byte)accepted]), 9, 7, 0);
        var head = new CustomerHead(Installation.Cluster, Customer, 1, next, Digest.Of([(byte)accepted]), 0, default);
        return (BlockKind.Restored, new RestoredRecord(
            (by ?? Secret).Sign(bend?.Invoke(restoration) ?? restoration), Secret.Sign(head)).Encode());
    }

    /// <summary>The story goes on after a restoration.</summary>
    public Story AndRestored()
    {
        Blocks.AddRange([Restored(), Claim(8, 1), (BlockKind.Change, new ChangeRecord([], Head(11)).Encode())]);
        return this;
    }

    public static byte[] Policy(string name, params string[] agents) =>
        new PutPolicyPayload(Name.Parse(name), [.. agents.Select(Name.Parse)], [], [Name.Parse("hold")], [Role.Operator]).Encode();

    public static byte[] Launch(string agent, string credential = "key") =>
        new LaunchPayload(Name.Parse(agent), [new LaunchItem(Name.Parse(credential), 0, Name.Parse("hold"))], default).Encode();

    public void Dispose()
    {
        Secret.Dispose();
        _alice.Dispose();
        _erin.Dispose();
        _olga.Dispose();
        _custodian.Dispose();
        _owned.ForEach(static o => o.Dispose());
        Installation.Dispose();
    }

    public Signed NextHead(CustomerSecret? by = null) => Head(++_counter, by);

    /// <summary>Counter of the last head.</summary>
    public ulong Counter => _counter;

    private byte[] Sign(string user, byte[] statement)
    {
        var signature = new byte[PublicKey.SignatureLength];
        (user switch { "alice" => _alice, "erin" => _erin, _ => _olga }).Sign(statement, signature);
        return signature;
    }

    private static NamedKey Named(string name, P256PrivateKey key) => new(Name.Parse(name), PublicKey.Parse(key.PublicKey));
}
