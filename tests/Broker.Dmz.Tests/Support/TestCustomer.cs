using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Support;

/// <summary>A customer's people and what they do, and, since a test can be a hostile gateway, whatever the key actor can be told.</summary>
internal sealed partial class TestCustomer(DmzWorld world, CustomerRefs refs)
{
    private readonly List<P256PrivateKey> _custodians = [];
    private readonly P256PrivateKey _safe = P256PrivateKey.Generate(SystemRandom.Fill);
    private ActorRef<Agents.AgentsMessage>? _agents;

    public DmzWorld World => world;

    public CustomerRefs Refs { get; private set; } = refs;

    /// <summary>The sessions of the node at which this customer is.</summary>
    public ActorRef<Agents.AgentsMessage> Agents => _agents ?? world.Agents;

    public Name Name => Refs.Customer;

    public Dictionary<string, SignerKey> Users { get; } = new() { ["alice"] = new(), ["bob"] = new(), ["carol"] = new() };

    public EnrolledModel? Enrolment { get; private set; }

    public CustodyRecord Custody => Enrolment!.Custody.ToSigned().Read<CustodyRecord>();

    /// <summary>The way by the customer's own key.</summary>
    public static Name Safe { get; } = Name.Parse("safe");

    public P256PrivateKey SafePrivate => _safe;

    public PublicKey SafeKey => PublicKey.Parse(_safe.PublicKey);

    public static Name N(string text) => Name.Parse(text);

    public Id16 NewId() => world.Node.NewId();

    public Task<T> Ask<T>(Func<ReplyTo<T>, CustomerKeyMessage> message) => Refs.Key.Ask(message, Patience.Limit);

    public Task<KeyStatus> Status() => Ask<KeyStatus>(r => new CustomerKeyMessage.GetStatus(r));

    public EnrolmentPlan Plan(uint administratorsRequired = 1, int custodians = 3, uint threshold = 2)
    {
        while (_custodians.Count < custodians)
        {
            _custodians.Add(P256PrivateKey.Generate(SystemRandom.Fill));
        }

        return new EnrolmentPlan(
            world.Node.Cluster, Name, world.Node.Incarnation.Key.Fingerprint, [CustodyWay.OfShares(
                threshold, [.. _custodians.Select((c, i) => new NamedKey(N($"custodian-{i + 1}"), PublicKey.Parse(c.PublicKey)))])],
            OneWayOnly: true,
            [new NamedKey(N("alice"), Users["alice"].Key), new NamedKey(N("bob"), Users["bob"].Key)],
            administratorsRequired, world.Time.GetUtcNow() + TimeSpan.FromMinutes(10));
    }

    public Task<Result<EnrolledModel>> AskToEnrol(EnrolmentPlan plan, Links.Identity.InstallationKey? console = null)
    {
        var signer = console ?? world.Console;
        var encoding = plan.Encode();
        var signed = new Signed(encoding, signer.Sign(encoding));
        return Ask<Result<EnrolledModel>>(r => new CustomerKeyMessage.Enrol(signed, [.. signer.ChainDer.Select(c => c.ToArray())], r));
    }

    public Task Enrol(uint administratorsRequired = 1) => Enrol(Plan(administratorsRequired), administratorsRequired);

    /// <summary>Enrols as a plan says; every holder confirms.</summary>
    public async Task Enrol(EnrolmentPlan plan, uint administratorsRequired = 1)
    {
        await BeginToEnrol(plan);
        foreach (var share in Enrolment!.Shares)
        {
            using var record = OpenShare(share.Index);
            await Confirmed("shares", share.Index, record.Confirm(Enrolment.Challenge));
        }

        foreach (var wrap in Enrolment.Wraps)
        {
            using var record = OpenWrap();
            await Confirmed(wrap.Way, 0, record.Confirm(Enrolment.Challenge));
        }

        await UntilUnlocked();
        await Change(UserAction.PutUser, new PutUserPayload(N("carol"), Role.Operator, Users["carol"].Key), co: administratorsRequired > 1);
    }

    public async Task BeginToEnrol(EnrolmentPlan plan)
    {
        var enrolled = await AskToEnrol(plan);
        Assert.True(enrolled.Code is null, $"{enrolled.Code}: {enrolled.Detail}");
        Enrolment = enrolled.Value;
    }

    public Task<Result<KeyStatus>> Confirm(string way, uint index, byte[] answer) =>
        Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.Confirm(way, index, answer, r));

    private async Task Confirmed(string way, uint index, byte[] answer)
    {
        var confirmed = await Confirm(way, index, answer);
        Assert.True(confirmed.Code is null, $"{confirmed.Code}: {confirmed.Detail}");
    }

    /// <summary>The share that a custodian was given, in locked memory.</summary>
    public ShareRecord OpenShare(uint index)
    {
        var record = Custody;
        var info = CustodyInfo.SealedShare(world.Node.Cluster, Name, record.Epoch, record.Shares!.Split, index);
        return ShareRecord.Take(Hpke.Open(_custodians[(int)index - 1], info, [], Enrolment!.Shares[(int)index - 1].Sealed));
    }

    public ShareModel ShareFor(
        uint index, PublicKey? incarnation = null, CustomerHead? accepted = null, Signed? witness = null)
    {
        using var record = OpenShare(index);
        var (counter, root) = (accepted?.Counter ?? 0, accepted?.Root ?? Digest.Zero);
        var sealedShare = record.SealForUnlock(
            incarnation ?? world.Node.Incarnation.Key, CustodyInfo.AcceptedHead(counter, root), SystemRandom.Fill);
        return new ShareModel(
            record.Epoch, record.Split.ToString(), index, sealedShare, counter, root.ToString(),
            witness is null ? null : SignedModel.From(witness));
    }

    public Task<Result<KeyStatus>> Give(ShareModel share) =>
        Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.GiveShare(share, Enrolment!.Custody.ToSigned(), r));

    public Task<KeyStatus> Wipe() => Ask<KeyStatus>(r => new CustomerKeyMessage.Lock("test", r));

    public async Task Unlock()
    {
        for (var index = 1u; index <= Custody.Shares!.Way.Threshold; index++)
        {
            await Give(ShareFor(index));
        }

        await UntilUnlocked();
    }

    /// <summary>After a lock: custodians give shares, an administrator lifts.</summary>
    public async Task LiftAndUnlock()
    {
        await Wipe();
        await Give(ShareFor(1));
        await Give(ShareFor(2));
        await LiftTheLock();
    }

    public async Task<Result<KeyStatus>> Lift(SignedRequest request)
    {
        var (entries, head) = await Read([.. request.Signatures.Select(s => EntryKey.User(s.User))]);
        return await Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.Lift(request, entries, head, r));
    }

    /// <summary>The node starts again, and custodians unlock the customer on it.</summary>
    public async Task Restart()
    {
        await RestartLocked();
        await Unlock();
    }

    /// <summary>The node starts again.</summary>
    public async Task RestartLocked()
    {
        await world.Restart();
        await FindAgain();
    }

    /// <summary>After the node was started again.</summary>
    public async Task FindAgain() => Refs = (await world.Customers.Find(Name, exists: true)).Value!;

    /// <summary>The same people before another node's key actor.</summary>
    public TestCustomer At(CustomerRefs other, ActorRef<Agents.AgentsMessage>? agents = null)
    {
        var there = new TestCustomer(world, other) { Enrolment = Enrolment, _agents = agents };
        there._custodians.AddRange(_custodians);
        foreach (var (name, key) in Users)
        {
            there.Users[name] = key;
        }

        return there;
    }

    public Task UntilUnlocked() => Until(s => s.State == KeyState.Unlocked);

    public async Task<KeyStatus> Until(Func<KeyStatus, bool> reached)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = await Status();
            if (reached(status))
            {
                return status;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < Patience.Limit, $"stays {status.State}, {status.LastFailure}");
            await Task.Yield();
        }
    }

    /// <summary>A request as a user signs it, or bent.</summary>
    public SignedRequest Request<T>(
        UserAction action, T payload, string user = "alice", string? co = null, SignerKey? by = null, Func<Request, Request>? bend = null)
        where T : IStatement<T>
    {
        var encoded = payload.Encode();
        var request = new Request(
            world.Node.Cluster, Name, N(user), action.Name, NewId(), world.Time.GetUtcNow() + TimeSpan.FromMinutes(10), Digest.Of(encoded));
        var statement = (bend?.Invoke(request) ?? request).Encode();
        var signatures = new List<UserSignature> { new(N(user), (by ?? Users[user]).Sign(statement)) };
        if (co is not null)
        {
            signatures.Add(new UserSignature(N(co), Users[co].Sign(statement)));
        }

        return new SignedRequest(statement, encoded, signatures);
    }

    public Task<Result<ChangeDone>> Submit(SignedRequest request, UserAction action, ReadOnlyMemory<byte> upload = default) =>
        Submit(new Change.ByUser(request, action, upload));

    public Task<Result<ChangeDone>> Submit(Change change) => Ask<Result<ChangeDone>>(r => new CustomerKeyMessage.Submit(change, r));

    public async Task<ChangeDone> Change<T>(UserAction action, T payload, bool co = false)
        where T : IStatement<T>
    {
        var done = await Submit(Request(action, payload, co: co ? "bob" : null), action);
        Assert.True(done.Code is null, $"{done.Code}: {done.Detail}");
        return done.Value!;
    }

    public PutPolicyPayload Policy(string policy, string[] agents, params string[] labels) => new(
        N(policy), [.. agents.Select(N)], [.. labels.Select(N)], [N("hold")], [Role.Administrator, Role.Operator]);

    public Task<ChangeDone> PutPolicy(string policy, string[] agents, params string[] labels) =>
        Change(UserAction.PutPolicy, Policy(policy, agents, labels));

    /// <summary>Seals an upload as a console does; each part can be another than the one that is signed.</summary>
    public (SignedRequest Request, byte[] Upload) Put(
        string credential, byte[] secret, string policy, uint replaces = 0, PublicKey? intake = null, string? boundTo = null,
        string user = "alice")
    {
        var id = NewId();
        var upload = Hpke.Seal(
            (intake ?? Custody.Intake).Bytes.Span,
            PutCredentialPayload.Info(world.Node.Cluster, Name, Custody.Epoch, intake ?? Custody.Intake),
            PutCredentialPayload.AssociatedData(N(boundTo ?? credential), CredentialKind.Password, N(policy), replaces, N(user), id),
            secret, SystemRandom.Fill);
        var payload = new PutCredentialPayload(N(credential), CredentialKind.Password, N(policy), replaces, Digest.Of(upload));
        return (Request(UserAction.PutCredential, payload, user, bend: r => r with { IdempotencyKey = id }), upload);
    }

    public async Task<uint> PutCredential(string credential, byte[] secret, string policy, uint replaces = 0)
    {
        var (request, upload) = Put(credential, secret, policy, replaces);
        var done = await Submit(request, UserAction.PutCredential, upload);
        Assert.True(done.Code is null, $"{done.Code}: {done.Detail}");
        return done.Value!.Version;
    }

    public InviteAgentPayload Invitation(string agent, PublicKey token, params string[] labels) => new(
        N(agent), "i-1", [.. labels.Select(N)], token, world.Time.GetUtcNow() + TimeSpan.FromMinutes(10));

    public async Task<SignedRequest> Invite(string agent, SignerKey token, params string[] labels)
    {
        var request = Request(UserAction.InviteAgent, Invitation(agent, token.Key, labels));
        var status = await Status();
        await world.Node.Zone.InviteAgentAsync(
            new Wire.InviteAgentRequest { Customer = Name.Value, Fence = status.Fence, Request = ByteString.CopyFrom(request.Encode()) },
            default);
        return request;
    }

    public AgentRequest AgentAsks(string agent, PublicKey token, PublicKey key, Id16 boot, string instance = "i-1") =>
        new(world.Node.Cluster, Name, N(agent), instance, token, key, boot);

    public async Task<AgentEnd> EnrolAgent(string agent, params string[] labels)
    {
        var token = new SignerKey();
        var invitation = await Invite(agent, token, labels);
        var end = new AgentEnd(this, N(agent), NewId());
        var asked = token.Sign(AgentAsks(agent, token.Key, end.Key, end.Boot));
        var done = await Submit(new Change.Enrolment(invitation, asked, end.Sign(asked.Statement.Span)));
        Assert.True(done.Code is null, $"{done.Code}: {done.Detail}");
        end.Grant = done.Value!.Grant!.Read<Grant>();
        return end;
    }

    public LaunchPayload LaunchOf(string agent = "web-1", string credential = "db", uint version = 0, string use = "hold") =>
        new(N(agent), [new LaunchItem(N(credential), version, N(use))], default);

    public SignedRequest Launch(
        string agent = "web-1", string credential = "db", uint version = 0, string use = "hold", string user = "carol",
        SignerKey? by = null,
        Func<Request, Request>? bend = null) =>
        Request(UserAction.Launch, LaunchOf(agent, credential, version, use), user, by: by, bend: bend);

    public static Name AgentOf(SignedRequest launch) => Statement.Read<LaunchPayload>(launch.Payload.Span).Agent;

    /// <summary>Has the zone release, as any node can for whatever request.</summary>
    public async Task<Wire.ReleaseReply> Release(SignedRequest launch, uint attempt = 1)
    {
        var status = await Status();
        return await world.HostileNode.ReleaseAsync(
            new Wire.ReleaseRequest
            {
                Customer = Name.Value,
                Fence = status.Fence,
                Request = ByteString.CopyFrom(launch.Encode()),
                HandOff = ByteString.CopyFrom(HandOffId.Of(launch.Hash, AgentOf(launch)).ToArray()),
                Attempt = attempt,
                ExpectedCounter = status.HeadCounter,
            },
            default);
    }

    /// <summary>Tells the key actor to seal and returns with which code it does not; fails when the agent is sent an envelope.</summary>
    public async Task<string> Seal(AgentEnd agent, SignedRequest launch, Wire.ReleaseReply reply, uint attempt = 1)
    {
        var said = await Answer(agent, BeginSeal(launch, reply, attempt));
        if (said is ProvisioningMessage.Overtaken)
        {
            // Nothing was sealed and the launch may be released again; when that has been tried often enough it ends.
            said = await Answer(agent, BeginSeal(launch, reply, attempt, last: true));
        }

        return said switch
        {
            ProvisioningMessage.NotSealed m => m.Refusal.Code,
            ProvisioningMessage.Ended { State: HandOffState.Refused or HandOffState.NotSent } m => m.Code,
            var m => m.ToString(),
        };
    }

    public TestKit.TestProbe<ProvisioningMessage> BeginSeal(
        SignedRequest launch, Wire.ReleaseReply reply, uint attempt = 1, bool last = false)
    {
        var probe = world.Probe<ProvisioningMessage>();
        Refs.Key.Tell(new CustomerKeyMessage.Seal(launch, attempt, reply, probe.Ref, last));
        return probe;
    }

    private static async Task<ProvisioningMessage> Answer(AgentEnd agent, TestKit.TestProbe<ProvisioningMessage> probe)
    {
        var said = probe.Next();
        if (await Task.WhenAny(said, agent.EnvelopeArrived()) != said)
        {
            Assert.Fail("the key actor sealed something");
        }

        return await said;
    }
}
