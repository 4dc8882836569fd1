using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Zone;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Broker.Links.Tests.Fuzzing;

/// <summary>
/// A zone with a good certificate that answers with anything: the client ends in a reply or one of its three errors, in bounded memory, and
/// what it says of the zone's words can be shown to people.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class LyingZoneSpecs
{
    private static readonly TestAuthority Ours = new();

    private byte[] _body = [];
    private int _status = 200;
    private string? _type = ZoneOperations.MediaType;
    private long? _length;

    [Fact]
    public async Task Any_answer_should_end_in_a_reply_or_a_typed_error()
    {
        await using var zone = await StartAsync();
        using var client = Client(zone.Address);
        byte[][] valid =
        [
            new CustomerState { Customer = "acme", Fence = 3, Head = new Signed { Statement = ByteString.CopyFrom(new byte[90]) } }
                .ToByteArray(),
            new Problem { Code = "stale-fence", Detail = "read the customer again" }.ToByteArray(),
        ];
        int[] statuses = [200, 200, 200, 204, 301, 400, 409, 413, 500, 503];
        string?[] types = [ZoneOperations.MediaType, ZoneOperations.MediaType, "text/html", null];
        var ends = new Dictionary<string, int>();
        await Fuzz.EachAsync(400, async random =>
        {
            _body = WireDamage.Of(valid[random.Below(valid.Length)], random);
            (_status, _type, _length) =
                (statuses[random.Below(statuses.Length)], types[random.Below(types.Length)], _body.Length + random.Below(3) switch
                {
                    0 => random.Below(50),
                    _ => 0,
                });
            var end = await EndAsync(client, random.Below(2) == 0);
            ends[end] = ends.GetValueOrDefault(end) + 1;
        });
        Assert.Equal(4, ends.Count);
    }

    [Fact]
    public async Task Words_of_a_zone_that_lies_should_be_made_plain()
    {
        await using var zone = await StartAsync();
        using var client = Client(zone.Address);
        _status = 409;
        foreach (var code in new[] { "", "UPPER", "a b", "\u001b[2J", new string('a', 65), "ünlocked" })
        {
            _body = new Problem { Code = code, Detail = "clear\u001b[2J\r\n" + new string('x', 3000) }.ToByteArray();
            _length = _body.Length;
            var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => client.LockAsync(new LockRequest(), default));
            Assert.Equal("zone-failed", refused.Code);
            Assert.StartsWith("clear?[2J??xxx", refused.Detail, StringComparison.Ordinal);
            Assert.Equal(500, refused.Detail.Length);
        }
    }

    [Fact]
    public async Task Answer_that_promises_more_than_an_operation_has_should_not_be_read()
    {
        await using var zone = await StartAsync();
        using var client = Client(zone.Address);
        _length = ZoneOperations.GetCustomer.MaxReplyBytes + 1L;
        // Nothing else of this process runs meanwhile.
        var before = GC.GetTotalAllocatedBytes();
        await Assert.ThrowsAsync<ZoneUnavailableException>(() => client.GetCustomerAsync(new GetCustomerRequest(), default));
        _length = long.MaxValue;
        await Assert.ThrowsAsync<ZoneUnavailableException>(() => client.GetCustomerAsync(new GetCustomerRequest(), default));
        await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => client.LockAsync(new LockRequest(), default));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 << 20);
    }

    private static async Task<string> EndAsync(ZoneClient client, bool reads)
    {
        try
        {
            if (reads)
                await client.GetCustomerAsync(new GetCustomerRequest { Customer = "acme" }, default);
            else
                await client.ClaimAsync(new ClaimRequest(), default);
            return "reply";
        }
        catch (ZoneException e)
        {
            Assert.Matches("^[a-z0-9-]{1,64}$", e.Code);
            Assert.All(e.Message, static c => Assert.InRange(c, ' ', '~'));
            Assert.False(reads && e is ZoneUnknownOutcomeException, "a read has no outcome that could be unknown");
            return e.GetType().Name;
        }
    }

    private Task<LinkServerFixture> StartAsync() => LinkServerFixture.StartAsync(
        Ours.Node(LinkRole.Zone, "z"),
        app => app.MapFallback(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = _status;
            context.Response.ContentType = _type;
            if (_status == 204)
                return;
            context.Response.ContentLength = _length;
            await context.Response.Body.WriteAsync(_body);
            if (_length > _body.Length)
                context.Abort();
        }),
        HttpProtocols.Http2, LinkServerFixture.Listener(LinkRole.Dmz));

    private static ZoneClient Client(Uri address) => new(
        new ZoneClientOptions([address]) { Deadline = Patience.Limit, ConnectTimeout = Patience.Limit },
        Ours.Node(LinkRole.Dmz, "d"), new SteadyTime());
}
