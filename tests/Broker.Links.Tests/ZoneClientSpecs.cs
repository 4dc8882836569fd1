using System.Net;
using System.Net.Http.Headers;
using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Zone;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Broker.Links.Tests;

public sealed class ZoneClientSpecs
{
    private static readonly TestAuthority Ours = new();

    [Fact]
    public async Task Zone_should_answer_and_know_who_asks()
    {
        PeerIdentity? asking = null;
        await using var zone = await Start(app => app.MapZoneOperation(ZoneOperations.GetCustomer, (peer, request, _) =>
        {
            asking = peer;
            return Answer<CustomerState>(new CustomerState { Customer = request.Customer, Fence = 7 });
        }));
        using var client = Client(zone.Address);
        var state = await client.GetCustomerAsync(new GetCustomerRequest { Customer = "acme" }, default);
        Assert.Equal(("acme", 7ul), (state.Customer, state.Fence));
        Assert.Equal("dmz/d", asking!.Path);
    }

    [Fact]
    public async Task Zone_should_carry_the_largest_commit_and_refuse_a_larger_one()
    {
        var size = 0;
        await using var zone = await Start(app => app.MapZoneOperation(ZoneOperations.Commit, (_, request, _) =>
        {
            size = request.CalculateSize();
            return Answer<CommitReply>(new CommitReply());
        }));
        using var client = Client(zone.Address);
        await client.CommitAsync(Commit(ZoneOperations.Commit.MaxRequestBytes - 64), default);
        Assert.InRange(size, ZoneOperations.Commit.MaxRequestBytes - 64, ZoneOperations.Commit.MaxRequestBytes);
        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(
            () => client.CommitAsync(Commit(ZoneOperations.Commit.MaxRequestBytes), default));
        Assert.Equal("too-large", refused.Code);

        static CommitRequest Commit(int bytes) => new() { RedeemsToken = ByteString.CopyFrom(new byte[bytes]) };
    }

    [Fact]
    public async Task Refusal_should_keep_its_code()
    {
        await using var zone = await Start(app => app.MapZoneOperation(
            ZoneOperations.Claim, static (_, _, _) =>
                Answer<CustomerState>(ZoneRefusal.Refused("stale-fence", "read the customer again"))));
        using var client = Client(zone.Address);
        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => client.ClaimAsync(new ClaimRequest(), default));
        Assert.Equal(("stale-fence", "read the customer again"), (refused.Code, refused.Detail));
    }

    [Fact]
    public async Task Busy_zone_should_be_unavailable()
    {
        await using var zone = await Start(app => app.MapZoneOperation(
            ZoneOperations.Release, static (_, _, _) => Answer<ReleaseReply>(ZoneRefusal.Busy("release-rate", "try again in a minute"))));
        using var client = Client(zone.Address);
        var error = await Assert.ThrowsAsync<ZoneUnavailableException>(() => client.ReleaseAsync(new ReleaseRequest(), default));
        Assert.Equal("release-rate", error.Code);
    }

    [Fact]
    public async Task Malformed_statement_should_be_a_refusal()
    {
        await using var zone = await Start(app => app.MapZoneOperation(
            ZoneOperations.Lock, static (_, _, _) => throw new MalformedException("digest is not 32 bytes long")));
        using var client = Client(zone.Address);
        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => client.LockAsync(new LockRequest(), default));
        Assert.Equal("malformed", refused.Code);
    }

    [Fact]
    public async Task Failing_handler_should_be_an_unknown_outcome_and_tell_no_cause()
    {
        await using var zone = await Start(app => app.MapZoneOperation(
            ZoneOperations.Commit, static (_, _, _) => throw new InvalidOperationException("inner cause")));
        using var client = Client(zone.Address);
        var error = await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => client.CommitAsync(new CommitRequest(), default));
        Assert.DoesNotContain("inner cause", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zone_that_dies_after_the_request_should_leave_the_outcome_unknown_and_not_be_asked_again()
    {
        await using var dying = new DyingServer(Ours.Node(LinkRole.Zone, "z"));
        var executed = 0;
        await using var second = await Start(app => app.MapZoneOperation(ZoneOperations.Commit, (_, _, _) =>
        {
            executed++;
            return Answer<CommitReply>(new CommitReply());
        }));
        using var client = Client(dying.Address, second.Address);
        await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => client.CommitAsync(new CommitRequest(), default));
        Assert.Equal((1, 0), (dying.Requests, executed));
    }

    [Fact]
    public async Task Zone_that_dies_while_reading_should_be_replaced_by_the_next()
    {
        await using var dying = new DyingServer(Ours.Node(LinkRole.Zone, "z"));
        await using var second = await Start(app => app.MapZoneOperation(
            ZoneOperations.Describe, static (_, _, _) => Answer<DescribeReply>(new DescribeReply { Node = "second" })));
        using var client = Client(dying.Address, second.Address);
        Assert.Equal("second", (await client.DescribeAsync(new DescribeRequest(), default)).Node);
    }

    [Fact]
    public async Task Address_that_cannot_be_connected_to_should_be_skipped()
    {
        await using var zone = await Start(app => app.MapZoneOperation(
            ZoneOperations.Commit, static (_, _, _) => Answer<CommitReply>(new CommitReply { LedgerPosition = 3 })));
        using var client = Client(Ports.Refusing(), zone.Address);
        Assert.Equal(3ul, (await client.CommitAsync(new CommitRequest(), default)).LedgerPosition);
    }

    [Fact]
    public async Task Zone_that_cannot_be_reached_should_be_unavailable()
    {
        using var client = Client(Ports.Refusing(), Ports.Refusing());
        var error = await Assert.ThrowsAsync<ZoneUnavailableException>(() => client.CommitAsync(new CommitRequest(), default));
        Assert.Equal("zone-unreachable", error.Code);
    }

    [Fact]
    public async Task Server_that_is_no_zone_should_get_nothing()
    {
        await using var dmz = await LinkServerFixture.StartAsync(
            Ours.Node(LinkRole.Dmz, "other"),
            static app => app.MapZoneOperation(ZoneOperations.Commit, static (_, _, _) => throw new InvalidOperationException("reached")),
            LinkRole.Dmz);
        using var client = Client(dmz.Address);
        var error = await Assert.ThrowsAsync<ZoneUnavailableException>(() => client.CommitAsync(new CommitRequest(), default));
        Assert.Equal(LinkRefusal.WrongRole, LinkConnectException.In(error)?.Refusal);
    }

    [Fact]
    public async Task Console_should_be_refused_at_the_operation_even_where_the_listener_lets_it_in()
    {
        var reached = false;
        await using var zone = await LinkServerFixture.StartAsync(
            Ours.Node(LinkRole.Zone, "z"),
            app => app.MapZoneOperation(ZoneOperations.Lock, (_, _, _) =>
            {
                reached = true;
                return Answer<LockReply>(new LockReply());
            }),
            LinkRole.Dmz,
            LinkRole.Console);
        using var client = Client(LinkRole.Console, zone.Address);
        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => client.LockAsync(new LockRequest(), default));
        Assert.Equal("wrong-role", refused.Code);
        Assert.False(reached);
    }

    [Theory]
    [InlineData("application/json", new byte[] { 1 }, HttpStatusCode.UnsupportedMediaType, "wrong-media-type")]
    [InlineData("application/x-protobuf", new byte[] { 0x0A, 0xFF }, HttpStatusCode.BadRequest, "malformed")]
    [InlineData("application/x-protobuf", new byte[] { 0x0A, 0x02, 0xC3, 0x28 }, HttpStatusCode.BadRequest, "malformed")]
    public async Task Bad_bodies_should_be_refused_with_their_code(string type, byte[] body, HttpStatusCode status, string code)
    {
        await using var zone = await Start(static app => app.MapZoneOperation(
            ZoneOperations.GetCustomer,
            static (_, request, _) => throw new InvalidOperationException("taken: " + Name.Parse(request.Customer))));
        using var key = Ours.Node(LinkRole.Dmz, "d");
        using var http = LinkHttpClient.Create(key, LinkServerFixture.Expected(LinkRole.Zone), zone.Address);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var reply = await http.PostAsync(new Uri(ZoneOperations.GetCustomer.Path, UriKind.Relative), content);
        Assert.Equal((status, code), (reply.StatusCode, Problem.Parser.ParseFrom(await reply.Content.ReadAsByteArrayAsync()).Code));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Oversized_body_should_be_refused_unread(bool chunked)
    {
        await using var zone = await Start(static app => app.MapZoneOperation(
            ZoneOperations.GetCustomer, static (_, _, _) => throw new InvalidOperationException("reached")));
        using var key = Ours.Node(LinkRole.Dmz, "d");
        using var http = LinkHttpClient.Create(key, LinkServerFixture.Expected(LinkRole.Zone), zone.Address);
        var bytes = new byte[ZoneOperations.GetCustomer.MaxRequestBytes + 2];
        using HttpContent content = chunked ? new StreamContent(new NoLength(bytes)) : new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(ZoneOperations.MediaType);
        using var reply = await http.PostAsync(new Uri(ZoneOperations.GetCustomer.Path, UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, reply.StatusCode);
        Assert.Equal("too-large", Problem.Parser.ParseFrom(await reply.Content.ReadAsByteArrayAsync()).Code);
    }

    private static Task<LinkServerFixture> Start(Action<WebApplication> map) => LinkServerFixture.StartAsync(
        Ours.Node(LinkRole.Zone, "z"), map, HttpProtocols.Http2, LinkServerFixture.Listener(LinkRole.Dmz));

    private static ZoneClient Client(params Uri[] addresses) => Client(LinkRole.Dmz, addresses);

    private static ZoneClient Client(LinkRole role, params Uri[] addresses) =>
        new(new ZoneClientOptions(addresses) { Deadline = Patience.Limit, ConnectTimeout = Patience.Limit },
            Ours.Node(role, "d"), new SteadyTime());

    private static Task<ZoneAnswer<TReply>> Answer<TReply>(ZoneAnswer<TReply> answer)
        where TReply : class => Task.FromResult(answer);

    private sealed class NoLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
