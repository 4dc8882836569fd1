using System.Security.Cryptography;
using System.Text.Json;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Microsoft.AspNetCore.Http;

namespace Broker.Console.Tests.Support;

/// <summary>What an honest node does for one customer, with the real secret, shares and heads, and no zone behind it.</summary>
internal sealed partial class TestCustomer(TestInstallation installation) : IDisposable
{
    private readonly SecretBuffer _incarnation = P256Scalar.Generate(SystemRandom.Fill);
    private readonly List<ShareRecord> _shares = [];
    private readonly HashSet<uint> _given = [];
    private CustomerSecret? _secret;
    private CustodyRecord? _custody;
    private byte[]? _challenge;
    private SignedModel? _signedCustody;
    private SignedModel? _signedHead;
    private IReadOnlyList<byte[]> _expected = [];
    private Dictionary<string, byte[]> _expectedWraps = [];
    private Id16 _wrapSplit = new([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

    public string State { get; set; } = "unknown";

    public CustomerHead? Head { get; set; }

    public ulong LockGeneration { get; set; }

    public CustomerSecret Secret => _secret!;

    public CustodyRecord Custody => _custody!;

    /// <summary>What the last put opened to.</summary>
    public byte[]? Opened { get; private set; }

    /// <summary>The last request that came.</summary>
    public Request? Request { get; private set; }

    public SignedRequest? Signed { get; private set; }

    public ShareModel? Share { get; private set; }

    public List<CredentialModel> Credentials { get; } = [];

    public List<byte[]> Chain { get; } = [];

    public List<byte[]> ClusterChain { get; } = [];

    public PublicKey IncarnationKey
    {
        get
        {
            using var key = P256PrivateKey.FromScalar(_incarnation);
            return PublicKey.Parse(key.PublicKey);
        }
    }

    public Task AnswerAsync(HttpContext context, byte[] body)
    {
        var path = context.Request.Path.Value!;
        return (context.Request.Method, path) switch
        {
            ("GET", "/v1/node") => TestBroker.WriteAsync(context, Node(), ApiJson.Default.NodeModel),
            ("POST", "/v1/customers") =>
                TestBroker.WriteAsync(context, Enrol(Read(body, ApiJson.Default.EnrolModel)), ApiJson.Default.EnrolledModel),
            ("GET", "/v1/customers") =>
                TestBroker.WriteAsync(context, new PageModel<string>(["acme"], null), ApiJson.Default.PageModelString),
            ("GET", "/v1/customers/acme") => TestBroker.WriteAsync(context, Model(), ApiJson.Default.CustomerModel),
            ("POST", "/v1/customers/acme/confirmations") => Confirm(context, Read(body, ApiJson.Default.ConfirmModel)),
            ("POST", "/v1/customers/acme/shares") => Give(context, Read(body, ApiJson.Default.ShareModel)),
            ("POST", "/v1/customers/acme/wraps") => GiveWrap(context, Read(body, ApiJson.Default.WrapModel)),
            ("POST", "/v1/customers/acme/custody-challenges") => TestBroker.WriteAsync(
                context, new ChallengeModel(
                    Challenge(Read(body, ApiJson.Default.WayModel).Way).Encode(), SignedModel.From(_secret!.Sign(Custody))),
                ApiJson.Default.ChallengeModel),
            ("POST", "/v1/customers/acme/custody-proofs") => Prove(context, Read(body, ApiJson.Default.ProofModel)),
            ("POST", "/v1/customers/acme/login") => TestBroker.WriteAsync(
                context, new TokenModel("t", TestInstallation.Now.AddMinutes(5)), ApiJson.Default.TokenModel),
            ("GET", "/v1/customers/acme/credentials") => TestBroker.WriteAsync(
                context, new PageModel<CredentialModel>(Credentials, null), ApiJson.Default.PageModelCredentialModel),
            ("GET", "/v1/customers/acme/ledger") =>
                TestBroker.WriteAsync(context, new LedgerModel(Chain, (ulong)Chain.Count), ApiJson.Default.LedgerModel),
            ("GET", "/v1/ledger") => TestBroker.WriteAsync(
                context, new LedgerModel(ClusterChain, (ulong)ClusterChain.Count), ApiJson.Default.LedgerModel),
            ("GET", "/health/ready") => TestBroker.WriteAsync(
                context, new HealthModel("ready", [new HealthConditionModel("zone", true, "")]), ApiJson.Default.HealthModel),
            ("PUT", var p) when p.StartsWith("/v1/customers/acme/credentials/", StringComparison.Ordinal) =>
                Put(context, Read(body, ApiJson.Default.PutCredentialModel)),
            ("POST", var p) when p.EndsWith("/versions", StringComparison.Ordinal) =>
                Put(context, Read(body, ApiJson.Default.PutCredentialModel)),
            (_, var p) when p.StartsWith("/v1/customers/acme/", StringComparison.Ordinal) =>
                Effect(context, p, Read(body, ApiJson.Default.SignedRequestModel)),
            _ => TestBroker.RefuseAsync(context, 404, "not-found"),
        };
    }

    public NodeModel Node()
    {
        var statement = new Incarnation(installation.Cluster, Name.Parse("dmz-1"), IncarnationKey, Digest.Zero, TestInstallation.Now)
            .Encode();
        return new NodeModel(
            installation.Cluster.Value, "dmz-1", new SignedModel(statement, installation.Node.Sign(statement)),
            [.. installation.Node.ChainDer.Select(static c => c.ToArray())], "0.1.0", []);
    }

    public EnrolledModel Enrol(EnrolModel model)
    {
        var plan = model.Plan.ToSigned().Read<EnrolmentPlan>();
        Span<byte> split = stackalloc byte[Id16.Length];
        SystemRandom.Fill(split);
        _secret = CustomerSecret.Create(plan.Cluster, plan.Customer, 1, SystemRandom.Fill);
        var way = plan.Ways[0];
        var shares = ShareRecord.SealAll(_secret, way, new Id16(split), SystemRandom.Fill);
        var wraps = plan.Ways.Skip(1).Select(w => (Way: w, Made: WrapRecord.Seal(
            _secret, w.Way, _wrapSplit, w.Holders[0].Key, SystemRandom.Fill))).ToList();
        _custody = new CustodyRecord(
            plan.Cluster, plan.Customer, 1, 1,
            [new KeptWay(way, new Id16(split), [.. shares.Select(static s => s.Proof)]),
                .. wraps.Select(w => new KeptWay(w.Way, _wrapSplit, [w.Made.Proof]))],
            plan.AdministratorsRequired, _secret.Identity, _secret.Intake, Digest.Of(model.Plan.Statement));
        _challenge = new byte[32];
        SystemRandom.Fill(_challenge);
        _expected = [.. shares.Select(s => HMACSHA256.HashData(s.Confirmation.Span, _challenge))];
        _expectedWraps = wraps.ToDictionary(
            static w => w.Way.Way.Value, w => HMACSHA256.HashData(w.Made.Confirmation.Span, _challenge));
        wraps.ForEach(static w => w.Made.Confirmation.Dispose());
        foreach (var (_, confirmation, _) in shares)
            confirmation.Dispose();
        State = "enrolling";
        return new EnrolledModel(
            SignedModel.From(_secret.Sign(_custody)),
            [.. shares.Select((s, i) => new SealedShareModel((uint)i + 1, way.Holders[i].Name.Value, s.Sealed))],
            [.. wraps.Select(static w => new SealedWrapModel(w.Way.Way.Value, "key", w.Made.Wrap.Encode()))], _challenge);
    }

    /// <summary>As after a restart of the node: the secret is gone.</summary>
    public void Restart()
    {
        _secret!.Dispose();
        State = "locked";
    }

    public CustomerModel Model(string? failure = null) => new(
        "acme", State, "", failure, [.. _given.Select(static i => $"shares/{i}")], _custody is null ? null : _signedCustody,
        Head is null ? null : _signedHead, 1, LockGeneration, 0, State == "enrolling" || _waiting is not null ? _challenge : null,
        _successions, null);

    public SignedModel Advance()
    {
        Head = new CustomerHead(installation.Cluster, Name.Parse("acme"), Secret.Epoch, (Head?.Counter ?? 0) + 1, Digest.Of([1]), 0,
            Digest.Zero);
        return _signedHead = SignedModel.From(Secret.Sign(Head));
    }

    public void Dispose()
    {
        _secret?.Dispose();
        _waiting?.Next?.Dispose();
        _incarnation.Dispose();
        _shares.ForEach(static s => s.Dispose());
    }

    private static T Read<T>(byte[] body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(body, type)!;

    private Task Confirm(HttpContext context, ConfirmModel model)
    {
        if (model.Index == 0)
        {
            return _expectedWraps.TryGetValue(model.Way, out var answer) && answer.AsSpan().SequenceEqual(model.Answer)
                ? TestBroker.WriteAsync(context, Model(), ApiJson.Default.CustomerModel)
                : TestBroker.RefuseAsync(context, 409, "confirmation-wrong");
        }

        if (!_expected[(int)model.Index - 1].AsSpan().SequenceEqual(model.Answer))
            return TestBroker.RefuseAsync(context, 409, "confirmation-wrong");
        _given.Add(model.Index);
        if (_given.Count == _expected.Count)
        {
            _given.Clear();
            Succeed();
            _signedCustody = SignedModel.From(Secret.Sign(Custody));
            State = "unlocked";
            Advance();
        }

        return TestBroker.WriteAsync(context, Model(), ApiJson.Default.CustomerModel);
    }

    private Task Give(HttpContext context, ShareModel model)
    {
        Share = model;
        Assert.True(Id16.TryParse(model.Split, out var split) & Digest.TryParse(model.AcceptedRoot, out var root));
        using var key = P256PrivateKey.FromScalar(_incarnation);
        var record = ShareRecord.Take(Hpke.Open(
            key, CustodyInfo.ShareForUnlock(
                installation.Cluster, Custody.Customer, model.Epoch, split, model.Index, IncarnationKey.Fingerprint),
            CustodyInfo.AcceptedHead(model.AcceptedCounter, root), model.Sealed));
        _shares.Add(record);
        _given.Add(record.Index);
        State = "unlocking";
        if (_shares.Count >= Custody.Shares!.Way.Threshold)
        {
            _secret = ShareRecord.Combine(_shares);
            _given.Clear();
            State = LockGeneration > 0 ? "lift-needed" : "unlocked";
        }

        return TestBroker.WriteAsync(context, Model(), ApiJson.Default.CustomerModel);
    }

    /// <summary>A challenge of this node.</summary>
    public CustodyChallenge Challenge(string way) => new(
        installation.Cluster, Custody.Customer, 1, Name.Parse(way), IncarnationKey.Fingerprint, Digest.Of([7]));

    /// <summary>As after a change of custody: wraps of before are of no way.</summary>
    public void Supersede()
    {
        _wrapSplit = new Id16([9, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        _custody = Custody with { Ways = [.. Custody.Ways.Select(w => w with { Split = _wrapSplit })] };
    }

    private Task Prove(HttpContext context, ProofModel model)
    {
        var challenge = Statement.Read<CustodyChallenge>(model.Challenge);
        var holder = Custody.Find(challenge.Way)!.Way.Holders[model.Index == 0 ? 0 : (int)model.Index - 1].Name.Value;
        return TestBroker.WriteAsync(
            context, new ProvenModel(challenge.Way.Value, model.Index, holder, model.Answer!), ApiJson.Default.ProvenModel);
    }

    private Task GiveWrap(HttpContext context, WrapModel model)
    {
        Assert.True(Id16.TryParse(model.Split, out var split) & Digest.TryParse(model.AcceptedRoot, out var root));
        using var key = P256PrivateKey.FromScalar(_incarnation);
        using var record = WrapRecord.Take(Hpke.Open(
            key, CustodyInfo.WrapForUnlock(
                installation.Cluster, Custody.Customer, model.Epoch, Name.Parse(model.Way), split, IncarnationKey.Fingerprint),
            CustodyInfo.AcceptedHead(model.AcceptedCounter, root), model.Sealed));
        Assert.Equal(WrapFailure.None, record.TryUnlock(out var secret));
        _secret?.Dispose();
        _secret = secret;
        State = LockGeneration > 0 ? "lift-needed" : "unlocked";
        return TestBroker.WriteAsync(context, Model(), ApiJson.Default.CustomerModel);
    }

    private Task Put(HttpContext context, PutCredentialModel model)
    {
        Keep(model.Request);
        var put = Statement.Read<PutCredentialPayload>(model.Request.Payload);
        using var opened = Secret.OpenUpload(
            PutCredentialPayload.Info(installation.Cluster, Custody.Customer, Secret.Epoch, Secret.Intake),
            PutCredentialPayload.AssociatedData(put.Credential, put.Kind, put.Policy, put.Replaces, Request!.User, Request.IdempotencyKey),
            model.Upload);
        Opened = opened.Span.ToArray();
        return TestBroker.WriteAsync(context, new ChangedModel(put.Replaces + 1, Advance()), ApiJson.Default.ChangedModel);
    }

    private Task Effect(HttpContext context, string path, SignedRequestModel model)
    {
        Keep(model);
        switch (Request!.Action)
        {
            case "lock":
                State = "locked";
                return TestBroker.WriteAsync(context, new LockedModel(++LockGeneration, ["dmz-1"], []), ApiJson.Default.LockedModel);
            case "lift-lock":
                (State, LockGeneration) = ("unlocked", 0);
                return TestBroker.WriteAsync(context, Model(), ApiJson.Default.CustomerModel);
            case "change-custody" or "rotate":
                return TestBroker.WriteAsync(context, BeginCustody(), ApiJson.Default.EnrolledModel);
            case "invite-agent":
                context.Response.StatusCode = 204;
                return Task.CompletedTask;
            case "launch":
                var launch = Statement.Read<LaunchPayload>(model.Payload);
                context.Response.StatusCode = 202;
                return TestBroker.WriteAsync(context, HandOff(launch.Agent, Request, model), ApiJson.Default.HandOffModel);
            default:
                return path.Contains("/hand-offs", StringComparison.Ordinal)
                    ? TestBroker.RefuseAsync(context, 404, "hand-off-unknown")
                    : TestBroker.WriteAsync(context, new ChangedModel(0, Advance()), ApiJson.Default.ChangedModel);
        }
    }

    private static HandOffModel HandOff(Name agent, Request request, SignedRequestModel model) => new(
        HandOffId.Of(Digest.Of(model.Statement), agent).ToString(), agent.Value, "acknowledged", "", "", 1, request.User.Value,
        TestInstallation.Now, TestInstallation.Now);

    private void Keep(SignedRequestModel model)
    {
        Signed = model.ToRequest();
        Request = Statement.Read<Request>(model.Statement);
    }
}
