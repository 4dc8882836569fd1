using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Custody;

/// <summary>Ways proven over the gateway, while the customer is locked; and what proves nothing.</summary>
public sealed class ProofSpecs(DmzWorld world) : IClassFixture<DmzWorld>, IAsyncLifetime
{
    // What is brought in a minute is brought in one, however long it takes.
    private readonly ManualTime _minutes = new();
    private GatewayServer? _gateway;
    private HttpClient? _console;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayServer.StartAsync(world, minutes: _minutes);
        _console = _gateway.Client(world.Console);
    }

    public async Task DisposeAsync()
    {
        _console!.Dispose();
        await _gateway!.DisposeAsync();
    }

    [Fact]
    public async Task A_share_and_a_wrap_should_be_proven_and_recorded_and_nothing_unlocked()
    {
        var customer = await Locked();
        byte[] ofShare, ofWrap;
        var (share, wrap) = (await Challenge(customer, "shares"), await Challenge(customer, "safe"));
        using (var record = customer.OpenShare(2))
        {
            ofShare = record.Prove(Read(share))!;
        }

        using (var record = customer.OpenWrap())
        {
            ofWrap = record.Prove(Read(wrap))!;
        }

        Assert.Equal("custodian-2", (await Prove(customer, new ProofModel(share.Challenge, 2, ofShare))).Reply!.Holder);
        Assert.Equal("safe", (await Prove(customer, new ProofModel(wrap.Challenge, 0, ofWrap))).Reply!.Holder);

        Assert.Equal(KeyState.Locked, (await customer.Status()).State);
        Assert.Equal(world.AtRest, SecretMemory.Default.LiveBytes);
        var events = await Events(customer);
        Assert.Equal(["shares/2", "safe"], events.Select(e => e.Subject));
        Assert.All(events, e => Assert.Equal((CustodyEvent.Proven, "console/console-1"), (e.Event, e.Principal)));
    }

    [Fact]
    public async Task A_challenge_should_be_answered_once()
    {
        var customer = await Locked();
        var asked = await Challenge(customer, "safe");
        var proof = new ProofModel(asked.Challenge, 0, Answer(customer, asked));
        Assert.Null((await Prove(customer, proof)).Code);

        Assert.Equal(Codes.ChallengeUnknown, (await Prove(customer, proof)).Code);

        Assert.Equal(Codes.ChallengeUnknown, Assert.Single(await customer.Refusals()).Code);
    }

    [Fact]
    public async Task A_challenge_should_be_over_after_ten_minutes()
    {
        var customer = await Locked();
        var asked = await Challenge(customer, "safe");

        world.Time.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(Codes.ChallengeUnknown, (await Prove(customer, new ProofModel(asked.Challenge, 0, Answer(customer, asked)))).Code);
    }

    [Fact]
    public async Task A_challenge_should_be_of_this_node_and_this_customer()
    {
        var (customer, other) = (await Locked(), await Locked());
        var asked = await Challenge(customer, "safe");
        var elsewhere = (Read(asked) with { Incarnation = Digest.Of("another"u8) }).Encode();
        var invented = (Read(asked) with { Nonce = Digest.Of("mine"u8) }).Encode();

        Assert.Equal(Codes.ChallengeUnknown, (await Prove(customer, new ProofModel(elsewhere, 0, new byte[64]))).Code);
        Assert.Equal(Codes.ChallengeUnknown, (await Prove(customer, new ProofModel(invented, 0, new byte[64]))).Code);
        Assert.Equal(Codes.ChallengeUnknown, (await Prove(other, new ProofModel(asked.Challenge, 0, Answer(customer, asked)))).Code);
        Assert.Equal(Codes.Malformed, (await Prove(customer, new ProofModel([1, 2, 3], 0, new byte[64]))).Code);
    }

    [Fact]
    public async Task The_answer_of_another_holder_should_prove_nothing()
    {
        var (customer, other) = (await Locked(), await Locked());
        var shares = Read(await Challenge(customer, "shares"));
        byte[] second;
        using (var record = customer.OpenShare(2))
        {
            second = record.Prove(shares)!;
        }

        Assert.Equal(Codes.ProofWrong, (await Prove(customer, new ProofModel(shares.Encode(), 1, second))).Code);
        foreach (var (index, answer) in new (uint, Func<CustodyChallenge, byte[]>)[]
        {
            (0, static _ => new byte[64]), (4, static _ => new byte[64]), (1, static _ => [1]), (uint.MaxValue, static _ => new byte[64]),
        })
        {
            var challenge = Read(await Challenge(customer, "shares"));
            Assert.Equal(Codes.ProofWrong, (await Prove(customer, new ProofModel(challenge.Encode(), index, answer(challenge)))).Code);
        }

        var safe = Read(await Challenge(customer, "safe"));
        using (var record = other.OpenWrap())
        {
            Assert.Null(record.Prove(safe));
            var foreign = record.Prove(safe with { Customer = other.Name })!;
            Assert.Equal(Codes.ProofWrong, (await Prove(customer, new ProofModel(safe.Encode(), 0, foreign))).Code);
        }
    }

    [Fact]
    public async Task A_way_that_there_is_not_should_be_told_of_with_those_that_there_are()
    {
        var customer = await Locked();

        var (_, code, detail) = await GatewayServer.Post(
            _console!, Path(customer, "custody-challenges"), new WayModel("attic"), ApiJson.Default.WayModel,
            ApiJson.Default.ChallengeModel);

        Assert.Equal(Codes.WaySuperseded, code);
        Assert.Contains("shares, safe", detail, StringComparison.Ordinal);
        var asked = await Challenge(customer, "safe");
        var proven = await Prove(customer, new ProofModel(asked.Challenge, 0, null));
        Assert.True(proven.Code == Codes.HsmWayUnknown, $"{proven.Code}: {proven.Detail}");
    }

    [Fact]
    public async Task A_flood_of_bad_shares_should_be_bounded_and_hold_up_no_other_customer()
    {
        var (flooded, other) = (await Locked(), await Locked());
        var bad = flooded.ShareFor(1, new SignerKey().Key);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Give(flooded, bad)));

        Assert.Equal(GatewayServer.EntriesPerMinute, answers.Count(a => a.Code == Codes.ShareWrongIncarnation));
        Assert.All(answers, a => Assert.Contains(a.Code, (string[])[Codes.ShareWrongIncarnation, Codes.EntryRate]));
        // What is over the budget is not looked at, and does not fill the ledger.
        Assert.InRange((await flooded.Refusals()).Count, 1, GatewayServer.EntriesPerMinute);
        Assert.Null((await Give(other, other.ShareFor(1))).Code);
        Assert.Null((await Give(other, other.ShareFor(2))).Code);
        await other.UntilUnlocked();

        // Another console is not held up either, and a minute later this one is not.
        using var second = _gateway!.Client(world.Issue(Links.Identity.LinkRole.Console, "console-2"));
        var given = await GatewayServer.Post(
            second, Path(flooded, "shares"), flooded.ShareFor(1), ApiJson.Default.ShareModel, ApiJson.Default.CustomerModel);
        Assert.Equal("2 of 3 shares (1 given), or the key of way safe", given.Reply!.Missing);
        _minutes.Advance(TimeSpan.FromMinutes(1));
        Assert.Null((await Give(flooded, flooded.ShareFor(2))).Code);
        await flooded.UntilUnlocked();
    }

    [Fact]
    public async Task What_was_given_to_unlock_and_what_was_refused_should_be_in_the_ledger()
    {
        var (customer, foreign) = (await Locked(), await Locked());
        Assert.Equal(Codes.ShareWrongIncarnation, (await Give(customer, customer.ShareFor(3, new SignerKey().Key))).Code);
        Assert.NotNull((await Give(customer, foreign.ShareFor(2))).Code);
        Assert.Null((await Give(customer, customer.ShareFor(1))).Code);

        var refused = await customer.Refusals();
        Assert.Equal(["give-share shares/3", "give-share shares/2"], refused.Select(r => r.Action));
        Assert.All(refused, r => Assert.Equal("console/console-1", r.Principal));
        Assert.Equal(Codes.ShareWrongIncarnation, refused[0].Code);
        var given = Assert.Single(await Events(customer));
        Assert.Equal((CustodyEvent.Given, "shares/1", "console/console-1"), (given.Event, given.Subject, given.Principal));

        // Of the customer whose share it was, nothing happened.
        Assert.Empty(await foreign.Refusals());
        Assert.Equal("2 of 3 shares (0 given), or the key of way safe", (await foreign.Status()).Missing);
        Assert.Equal("2 of 3 shares (1 given), or the key of way safe", (await customer.Status()).Missing);
    }

    [Fact]
    public async Task A_locked_customers_call_should_say_what_each_way_lacks()
    {
        var customer = await Locked();
        var request = SignedRequestModel.From(customer.Request(
            Protocol.Requests.UserAction.PutPolicy, customer.Policy("web", ["a"])));
        using var content = new ByteArrayContent(
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(request, ApiJson.Default.SignedRequestModel));
        content.Headers.ContentType = new("application/json");

        using var response = await _console!.PutAsync(new Uri(Path(customer, "policies/web"), UriKind.Relative), content);

        Assert.Equal(423, (int)response.StatusCode);
        var problem = await response.Content.ReadAsStringAsync();
        Assert.Contains("2 of 3 shares (0 given), or the key of way safe", problem, StringComparison.Ordinal);
    }

    private static async Task<List<CustodyEvent>> Events(TestCustomer customer) => [.. (await customer.Ledger())
        .Where(b => b.Kind == BlockKind.CustodyEvent).Select(b => Statement.Read<CustodyEvent>(b.Body.Span))];

    private async Task<TestCustomer> Locked()
    {
        var customer = await world.NewCustomer();
        await customer.Enrol(customer.PlanWithKey());
        await customer.Wipe();
        return customer;
    }

    private Task<(CustomerModel? Reply, string? Code, string? Detail)> Give(TestCustomer customer, ShareModel share) =>
        GatewayServer.Post(_console!, Path(customer, "shares"), share, ApiJson.Default.ShareModel, ApiJson.Default.CustomerModel);

    private async Task<ChallengeModel> Challenge(TestCustomer customer, string way)
    {
        var (reply, code, detail) = await GatewayServer.Post(
            _console!, Path(customer, "custody-challenges"), new WayModel(way), ApiJson.Default.WayModel, ApiJson.Default.ChallengeModel);
        Assert.True(code is null, $"{code}: {detail}");
        return reply!;
    }

    private Task<(ProvenModel? Reply, string? Code, string? Detail)> Prove(TestCustomer customer, ProofModel proof) => GatewayServer.Post(
        _console!, Path(customer, "custody-proofs"), proof, ApiJson.Default.ProofModel, ApiJson.Default.ProvenModel);

    private static string Path(TestCustomer customer, string rest) => $"/v1/customers/{customer.Name}/{rest}";

    private static CustodyChallenge Read(ChallengeModel model) => Statement.Read<CustodyChallenge>(model.Challenge);

    private static byte[] Answer(TestCustomer customer, ChallengeModel asked)
    {
        using var record = customer.OpenWrap();
        return record.Prove(Read(asked))!;
    }
}
