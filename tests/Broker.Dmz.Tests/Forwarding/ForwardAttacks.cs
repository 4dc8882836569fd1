using System.Text.Json;
using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Tests.Attacks;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>
/// A node that forwards what nobody signed, twice, bent or too much of it, and an owner that answers nonsense: neither has more by it than
/// its certificate gave it anyway.
/// </summary>
public sealed class ForwardAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_request_that_no_user_signed_should_open_nothing()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var launch = f.Customer.Launch();
        var forged = launch with
        {
            Signatures = [new UserSignature(launch.Signatures[0].User, new SignerKey().Sign(launch.Statement.Span))],
        };

        // Sent again it is the same hand-off, whose end the disk may keep.
        var ended = Read(await f.Holder.ForwardAsync(Launch(f, forged, wait: 10), default));
        while (!HandOffState.EndsHandOff(ended.State))
        {
            ended = Read(await f.Holder.ForwardAsync(Launch(f, forged, wait: 10), default));
        }

        Assert.Equal((HandOffState.Refused, RequestRefusal.BadSignature), (ended.State, ended.Code));
        await new Target(f.Customer, f.Agent).ShouldHaveOpenedNothing();
    }

    [Fact]
    public async Task A_request_bent_on_the_way_should_open_nothing()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var launch = f.Customer.Launch();
        var other = f.Customer.Launch(use: "other");

        foreach (var bent in new[] { launch with { Payload = other.Payload }, launch with { Statement = other.Statement } })
        {
            Assert.NotEmpty((await f.Holder.ForwardAsync(Launch(f, bent, wait: 10), default)).Code);
        }

        await new Target(f.Customer, f.Agent).ShouldHaveOpenedNothing();
    }

    [Fact]
    public async Task A_launch_that_is_forwarded_again_should_be_the_same_hand_off_opened_once()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var request = Launch(f, f.Customer.Launch(), wait: 10);
        var first = f.Holder.ForwardAsync(request, default);
        await ForwardingSpecs.Acknowledge(f.Agent);
        var ended = Read(await first);

        var again = Read(await f.Holder.ForwardAsync(request, default));

        Assert.Equal((ended.HandOff, HandOffState.Acknowledged), (again.HandOff, again.State));
        Assert.False(f.Agent.TryFrame(out _));
        Assert.Single(await f.Customer.Outcomes());
    }

    [Fact]
    public async Task What_is_no_forwarded_call_should_be_refused_before_anything_is_done()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var good = Launch(f, f.Customer.Launch());

        foreach (var bend in new Action<Wire.ForwardRequest>[]
        {
            r => r.Call = "",
            r => r.Call = "GiveShare",
            r => r.Call = "EnrolCustomer",
            r => r.Call = "LockCustomer",
            r => r.Call = "launch",
            r => r.Customer = "NO NAME",
            r => r.Wait = OwnedCalls.MaxWait + 1,
            r => r.Wait = uint.MaxValue,
            r => r.Subject = new string('x', 64),
        })
        {
            var bent = good.Clone();
            bend(bent);
            var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => f.Holder.ForwardAsync(bent, default));
            Assert.Equal(Codes.Malformed, refused.Code);
        }

        foreach (var bend in new Action<Wire.ForwardRequest>[]
        {
            r => r.Console = "NO NAME",
            r => r.Body = ByteString.Empty,
            r => r.Body = ByteString.CopyFromUtf8("null"),
            r => r.Body = ByteString.CopyFromUtf8("{\"statement\":1}"),
            r => r.Body = ByteString.CopyFrom(new byte[1 << 20]),
        })
        {
            var bent = good.Clone();
            bend(bent);
            Assert.Equal(Codes.Malformed, (await f.Holder.ForwardAsync(bent, default)).Code);
        }

        var nobody = good.Clone();
        nobody.Customer = "nobody";
        Assert.Equal(Codes.CustomerUnknown, (await f.Holder.ForwardAsync(nobody, default)).Code);
        await new Target(f.Customer, f.Agent).ShouldHaveOpenedNothing();
    }

    [Fact]
    public async Task A_body_larger_than_a_call_may_be_should_not_be_read()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var large = Launch(f, f.Customer.Launch());
        large.Body = ByteString.CopyFrom(new byte[PeerOperations.Forward.MaxRequestBytes]);

        Assert.Equal("too-large", (await Assert.ThrowsAsync<ZoneRefusedException>(() => f.Holder.ForwardAsync(large, default))).Code);
    }

    [Theory]
    [InlineData("no code", "")]
    [InlineData("UPPER", "")]
    [InlineData("", "no json")]
    [InlineData("", "null")]
    [InlineData("", "{}")]
    [InlineData("", "{\"handOff\":\"x\",\"unknown\":1}")]
    public async Task An_owners_nonsense_should_be_an_answer_that_was_lost(string code, string body)
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(new LyingOwner(f.Owner.Node.Node, new Wire.ForwardReply { Code = code, Body = ByteString.CopyFromUtf8(body) }));
        using var console = new Console(f.Other, f.Customer);

        Assert.Equal(Codes.OutcomeUnknown, (await console.Launch(f.Customer.Launch())).Code);
    }

    [Fact]
    public async Task An_owners_words_should_reach_a_terminal_as_plain_text()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var said = new Wire.ForwardReply { Code = "policy-forbids", Detail = "\u001b[2J" + new string('x', 10_000) };
        f.Other.Know(new LyingOwner(f.Owner.Node.Node, said));
        using var console = new Console(f.Other, f.Customer);

        var (_, code, detail) = await console.Launch(f.Customer.Launch());

        Assert.Equal("policy-forbids", code);
        Assert.Equal(500, detail!.Length);
        Assert.DoesNotContain('\u001b', detail);
    }

    [Fact]
    public async Task A_flood_of_one_node_should_be_told_busy_and_not_be_in_the_way_of_another()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var served = await OtherNode.StartAsync(world, "dmz-4", gate: new ForwardGate(perPeer: 3, bytesPerPeer: 1 << 20));
        using var flooding = LinkClient(served, "dmz-5");
        var stalled = Enumerable.Range(0, 3).Select(_ => new StalledBody(1000)).ToList();
        var held = stalled.Select(s => flooding.PostAsync(new Uri("/peer/v1/forward", UriKind.Relative), s)).ToList();
        await Task.WhenAll(stalled.Select(s => s.Began));
        await served.Until(g => g.Calls == 3);

        Assert.Equal(Codes.Busy, (await Busy(flooding, 10)).Code);
        Assert.Equal(Codes.Malformed, (await Busy(LinkClient(served, "dmz-6"), 10)).Code);

        stalled.ForEach(static s => s.End());
        foreach (var one in held)
        {
            (await one).Dispose();
        }

        await served.Until(g => g.Calls == 0);
        Assert.Equal(Codes.Malformed, (await Busy(flooding, 10)).Code);
        Assert.Equal(Codes.Busy, (await Busy(flooding, (1 << 20) + 1)).Code);
    }

    /// <summary>A launch as a node forwards it.</summary>
    internal static Wire.ForwardRequest Launch(TransferFixture f, SignedRequest launch, uint wait = 0) => new()
    {
        Call = "Launch",
        Customer = f.Customer.Name.Value,
        Wait = wait,
        Body = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(
            SignedRequestModel.From(launch), ApiJson.Default.SignedRequestModel)),
        Console = "console-1",
    };

    private static HandOffModel Read(Wire.ForwardReply reply)
    {
        Assert.Empty(reply.Code);
        return JsonSerializer.Deserialize(reply.Body.Span, ApiJson.Default.HandOffModel)!;
    }

    private HttpClient LinkClient(OtherNode node, string name) => node.Console(world.Issue(LinkRole.Dmz, name));

    private static async Task<(string Code, int Status)> Busy(HttpClient client, int length)
    {
        using var body = new ByteArrayContent(new byte[length]);
        body.Headers.ContentType = new(ZoneOperations.MediaType);
        using var response = await client.PostAsync(new Uri("/peer/v1/forward", UriKind.Relative), body);
        var problem = Protocol.Wire.Zone.Problem.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync());
        return (problem.Code, (int)response.StatusCode);
    }
}
