using System.Net;
using System.Net.Http.Headers;
using Broker.CredentialZone.Service;
using Broker.CredentialZone.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Tests.Fuzzing;

/// <summary>
/// A DMZ node that sends anything at all, over HTTP/2 and mutual TLS, to a zone as it runs: each call is answered, by its reply or by a
/// refusal with a code, never by a failure; nothing of what others stored is lost, and the ledger verifies.
/// </summary>
public sealed class ZoneFuzzSpecs(RunningZone zone) : IClassFixture<RunningZone>
{
    private const int AttemptsAnOperation = 120;

    private static readonly HttpStatusCode[] Answers =
    [
        HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.Conflict, HttpStatusCode.RequestEntityTooLarge,
        HttpStatusCode.ServiceUnavailable,
    ];

    [Fact]
    public async Task Whatever_a_node_sends_should_be_answered_and_lose_nothing()
    {
        using var client = zone.Client();
        var (kept, victim) = (await ReadyAsync(client, "kept"), await ReadyAsync(client, "victim"));
        var before = await client.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = "kept" }, default);
        var calls = ValidCalls.Of(victim, zone.Console);
        Assert.Equal(ValidCalls.Limits.Keys.Order(), calls.Keys.Order());

        using var http = zone.Http();
        foreach (var (path, message) in calls)
        {
            var valid = message.ToByteArray();
            var refused = 0;
            await Fuzz.EachAsync(AttemptsAnOperation, async random =>
                refused += await SendAsync(http, path, WireDamage.Of(valid, random)) == HttpStatusCode.OK ? 0 : 1);
            Assert.True(valid.Length == 0 || refused > AttemptsAnOperation / 4, $"{path}: only {refused} refused");
        }

        await UnharmedAsync(client, kept, before);
    }

    [Fact]
    public async Task Oversized_bodies_should_be_refused_at_every_operation()
    {
        using var http = zone.Http();
        foreach (var (path, limit) in ValidCalls.Limits)
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await SendAsync(http, path, new byte[limit + 1]));
    }

    [Fact]
    public async Task Body_that_is_cut_by_the_connection_should_do_nothing()
    {
        using var client = zone.Client();
        var customer = await ReadyAsync(client, "cut");
        var commit = ValidCalls.Commit(customer.Change([customer.Credential("db", 2), customer.Row("db", 2)])).ToByteArray();
        await Fuzz.EachAsync(20, async random =>
        {
            using var http = zone.Http();
            using var content = new CutContent(commit, random.Below(commit.Length));
            content.Headers.ContentType = new MediaTypeHeaderValue(ZoneOperations.MediaType);
            using var request = new HttpRequestMessage(HttpMethod.Post, ZoneOperations.Commit.Path)
            {
                Version = HttpVersion.Version20,
                Content = content,
            };
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.SendAsync(request));
        });
        var state = await client.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = "cut" }, default);
        Assert.Equal(2ul, new Signed(state.Head.Statement.Memory, state.Head.Signature.Memory).Read<CustomerHead>().Counter);
    }

    [Fact]
    public async Task Nonsense_that_is_signed_by_who_may_sign_should_be_refused()
    {
        using var client = zone.Client();
        var customer = await ReadyAsync(client, "signed");
        using var http = zone.Http();
        var calls = new (string Path, Func<SeededRandom, IMessage> Make)[]
        {
            (ZoneOperations.Claim.Path, random => new Wire.ClaimRequest { Claim = Resigned(random, customer.Claim(2), customer.Identity) }),
            (ZoneOperations.Claim.Path, random => new Wire.ClaimRequest
            {
                Claim = Wires.To(customer.Claim(2, lifted: 1, bend: static c => c with { Node = TestCustomer.N("dmz-1") })),
                LiftRequest = Request(random, customer, UserAction.LiftLock, new LockPayload(1, "over")),
            }),
            (ZoneOperations.Commit.Path, random =>
            {
                var commit = ValidCalls.Commit(
                    customer.Change([customer.Grant(), customer.Policy(), customer.Credential("db", 2), customer.Row("db", 2)]));
                var change = commit.Changes[random.Below(commit.Changes.Count)];
                var (statement, signature) = Nonsense(random, change.Statement.Span, customer.Identity);
                change.Statement = ByteString.CopyFrom(statement);
                change.Signature = change.Type == EntryKey.RowType ? ByteString.Empty : ByteString.CopyFrom(signature);
                return commit;
            }),
            (ZoneOperations.Commit.Path, random =>
            {
                var commit = ValidCalls.Commit(customer.Change([customer.Credential("db", 2), customer.Row("db", 2)]));
                commit.Head = Resigned(random, customer.LastHead!, customer.Identity);
                return commit;
            }),
            (ZoneOperations.AppendOutcome.Path, random =>
            {
                var outcome = ValidCalls.Outcome(customer, customer.Call(customer.Launch()), HandOffState.NotSent);
                outcome.Outcomes = Resigned(random, new Signed(outcome.Outcomes.Statement.Memory, default), customer.Identity);
                return outcome;
            }),
            (ZoneOperations.Lock.Path, random => new Wire.LockRequest
            {
                Customer = "signed",
                Request = Request(random, customer, UserAction.Lock, new LockPayload(0, "drill")),
            }),
            (ZoneOperations.InviteAgent.Path, random => new Wire.InviteAgentRequest
            {
                Customer = "signed",
                Fence = 1,
                Request = Request(random, customer, UserAction.InviteAgent, new InviteAgentPayload(
                    TestCustomer.N("web-9"), "i-9", [], new SignerKey().Key, TimeProvider.System.GetUtcNow().AddMinutes(5))),
            }),
            (ZoneOperations.Release.Path, random =>
            {
                var call = ValidCalls.Release(customer.Call(customer.Launch()));
                call.Request = Request(random, customer, UserAction.Launch, new LaunchPayload(
                    TestCustomer.N("web-1"), [new LaunchItem(TestCustomer.N("db"), 0, TestCustomer.N("hold"))], default));
                return call;
            }),
        };
        foreach (var (path, make) in calls)
            await Fuzz.EachAsync(60, async random => await SendAsync(http, path, make(random).ToByteArray()));
    }

    private static (byte[] Statement, byte[] Signature) Nonsense(SeededRandom random, ReadOnlySpan<byte> statement, SignerKey key)
    {
        var damaged = Damage.Of(statement, random);
        return (damaged, key.Sign(damaged));
    }

    private static Wire.Signed Resigned(SeededRandom random, Signed signed, SignerKey key)
    {
        var (statement, signature) = Nonsense(random, signed.Statement.Span, key);
        return new Wire.Signed { Statement = ByteString.CopyFrom(statement), Signature = ByteString.CopyFrom(signature) };
    }

    // Either the request or its payload is nonsense, and the signature is good.
    private static ByteString Request<T>(SeededRandom random, TestCustomer customer, UserAction action, T payload)
        where T : IStatement<T>
    {
        var good = customer.Request(action, payload);
        var damaged = Damage.Of(random.Below(2) == 0 ? good.Statement.Span : good.Payload.Span, random);
        var request = random.Below(2) == 0
            ? new SignedRequest(damaged, good.Payload, [new UserSignature(TestCustomer.N("alice"), customer.Alice.Sign(damaged))])
            : customer.RequestOf(action, damaged);
        return ByteString.CopyFrom(request.Encode());
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient http, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(ZoneOperations.MediaType);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = HttpVersion.Version20, Content = content };
        using var reply = await http.SendAsync(request);
        Assert.Contains(reply.StatusCode, Answers);
        if (reply.StatusCode == HttpStatusCode.OK)
            return reply.StatusCode;
        var problem = Wire.Problem.Parser.ParseFrom(await reply.Content.ReadAsByteArrayAsync());
        Assert.False(problem.UnknownOutcome);
        Assert.Matches("^[a-z0-9-]{1,40}$", problem.Code);
        Assert.NotEqual("store-failed", problem.Code);
        Assert.InRange(problem.Detail.Length, 1, 300);
        Assert.DoesNotContain("Exception", problem.Detail, StringComparison.Ordinal);
        Assert.All(problem.Detail, static c => Assert.InRange(c, ' ', '~'));
        return reply.StatusCode;
    }

    private async Task<TestCustomer> ReadyAsync(ZoneClient client, string name)
    {
        var customer = new TestCustomer(ZoneUnderTest.Cluster, name, TimeProvider.System);
        await client.EnrolAsync(ValidCalls.Enrol(customer, zone.Console), default);
        await client.CommitAsync(
            ValidCalls.Commit(customer.Change([customer.Grant(), customer.Policy(), customer.Credential("db", 1), customer.Row("db", 1)])),
            default);
        return customer;
    }

    private async Task UnharmedAsync(ZoneClient client, TestCustomer kept, Wire.CustomerState before)
    {
        var after = await client.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = "kept" }, default);
        Assert.Equal((before.Head, before.Custody, before.Fence, before.LockGeneration),
            (after.Head, after.Custody, after.Fence, after.LockGeneration));
        var call = kept.Call(kept.Launch());
        Assert.Equal(5, (await client.ReleaseAsync(ValidCalls.Release(call), default)).Entries.Count);
        await client.AppendOutcomeAsync(ValidCalls.Outcome(kept, call, HandOffState.Acknowledged), default);

        var description = await client.DescribeAsync(new Wire.DescribeRequest(), default);
        Assert.True(SignedByCertificate.TryIdentify(
            [description.LedgerCertificate.Memory], zone.Installation.Trust, TimeProvider.System.GetUtcNow(), out var ledger, out _));
        foreach (var chain in new[] { "", "kept", "victim" })
        {
            var page = await client.ReadLedgerAsync(new Wire.ReadLedgerRequest { Chain = chain, Limit = 1000 }, default);
            Assert.Equal((int)page.Length, page.Blocks.Count);
            Assert.All(page.Blocks, b => Assert.NotNull(Statement.Read<Receipt>(b.Receipt.Span).Verify(ledger.Key, ZoneUnderTest.Cluster)));
        }
    }

    /// <summary>Promises a body and breaks off in the middle.</summary>
    private sealed class CutContent(byte[] body, int sent) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, sent));
            await stream.FlushAsync();
            throw new IOException("cut on purpose");
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
