using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>Who gets as far as the operations between nodes, and what a node does with its peers of its own accord.</summary>
public sealed class PeerLinkSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Theory]
    [InlineData(LinkRole.Console)]
    [InlineData(LinkRole.Zone)]
    [InlineData(LinkRole.Agent)]
    public async Task Another_role_should_be_refused_at_every_operation(LinkRole role)
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var key = role == LinkRole.Agent ? world.Authority.Agent("acme", "web-1") : world.Authority.Issue(role, "somebody");
        using var client = new PeerClient(f.Owner.Node.Node, f.Owner.Address, key, world.Time, Patience.Limit);
        var customer = f.Customer.Name.Value;

        foreach (var call in new Func<Task>[]
        {
            () => client.DescribeAsync(new Wire.DescribeRequest(), default),
            () => client.DrawTicketAsync(new Wire.DrawTicketRequest { Customer = customer }, default),
            () => client.TransferAsync(new Wire.TransferRequest { Customer = customer }, default),
            () => client.TakeOverAsync(new Wire.TakeOverRequest { Customer = customer }, default),
            () => client.WipeAsync(new Wire.WipeRequest { Customer = customer }, default),
            () => client.ForwardAsync(new Wire.ForwardRequest { Customer = customer, Call = "Launch" }, default),
            () => client.HoldingsAsync(new Wire.HoldingsRequest { Customers = { customer } }, default),
            () => client.CallAsync(PeerOperations.Hold, new Wire.HoldRequest { Customer = customer }, default),
        })
        {
            Assert.Equal("wrong-role", (await Assert.ThrowsAsync<ZoneRefusedException>(call)).Code);
        }
    }

    [Fact]
    public async Task A_node_of_another_authority_should_not_get_a_link()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var elsewhere = new TestAuthority();
        using var key = elsewhere.Issue(LinkRole.Dmz, "dmz-2");
        using var client = new PeerClient(f.Owner.Node.Node, f.Owner.Address, key, world.Time, Patience.Limit);

        await Assert.ThrowsAsync<ZoneUnavailableException>(() => client.DescribeAsync(new Wire.DescribeRequest(), default));
    }

    [Fact]
    public async Task Another_node_at_a_peers_address_should_not_be_talked_to()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var key = world.Issue(LinkRole.Dmz, "dmz-2");
        using var client = new PeerClient(TestCustomer.N("dmz-7"), f.Owner.Address, key, world.Time, Patience.Limit);

        var gone = await Assert.ThrowsAsync<ZoneUnavailableException>(
            () => client.DescribeAsync(new Wire.DescribeRequest(), default));
        Assert.Equal(LinkRefusal.WrongName, LinkConnectException.In(gone)?.Refusal);
    }

    [Fact]
    public async Task Garbage_should_be_refused_at_every_operation()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var customer = f.Customer.Name.Value;

        foreach (var (code, call) in new (string, Func<Task>)[]
        {
            (Codes.Malformed, () => f.Holder.DrawTicketAsync(new Wire.DrawTicketRequest { Customer = "NO NAME" }, default)),
            (Codes.Malformed, () => f.Holder.DrawTicketAsync(new Wire.DrawTicketRequest { Customer = customer }, default)),
            (Codes.CustomerLocked, () => f.Holder.DrawTicketAsync(new Wire.DrawTicketRequest { Customer = "nobody" }, default)),
            ("certificate-chain-invalid", () => f.Holder.TransferAsync(new Wire.TransferRequest { Customer = customer }, default)),
            (Codes.CustomerLocked, () => f.Holder.TransferAsync(new Wire.TransferRequest { Customer = "nobody" }, default)),
            (Codes.CustomerLocked, () => f.Holder.TakeOverAsync(new Wire.TakeOverRequest { Customer = "nobody" }, default)),
            (Codes.Malformed, () => f.Holder.CallAsync(PeerOperations.Hold, new Wire.HoldRequest { Customer = "NO NAME" }, default)),
            (Codes.CustomerUnknown, () => f.Holder.WipeAsync(new Wire.WipeRequest { Customer = "nobody" }, default)),
            (Codes.Malformed, () => f.Holder.DescribeAsync(new Wire.DescribeRequest { Nonce = ByteString.CopyFromUtf8("x") }, default)),
        })
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<ZoneRefusedException>(call)).Code);
        }
    }

    [Fact]
    public async Task A_node_that_stops_should_have_a_holder_claim_what_it_owns()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        f.Owner.Know(f.Other);

        var given = await new PeerDeparture(f.Owner.Node, f.Owner.Customers).GiveOver(default, Patience.Limit);

        Assert.Contains(f.Customer.Name, given);
        Assert.Equal(KeyState.Unlocked, (await there.Status()).State);
        await f.Customer.Until(s => s.State == KeyState.Locked);
        f.Agent.MoveTo(there);
        await f.Agent.Connect();
        await TransferFixture.ShouldHandOff(there, f.Agent);
    }

    [Fact]
    public async Task An_admitted_node_should_ask_owners_for_what_it_does_not_hold()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var intake = Intake(f);

        var taken = await intake.Ask<Result<TakenIn>>(
            r => new PeerIntakeMessage.Admitted(f.Admitters.Admit(f.Other.Node, world.Time.GetUtcNow()), r), Patience.Limit);

        Assert.Contains(f.Customer.Name, taken.Value!.Held);
        Assert.Equal(KeyState.Holding, (await (await f.Other.At(f.Customer)).Status()).State);
        intake.Stop();
    }

    [Fact]
    public async Task An_admission_should_be_brought_by_any_console_and_decided_by_the_holder()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var intake = Intake(f);
        await using var gateway = await GatewayServer.StartAsync(world, intake);
        f.Owner.Know(f.Other);
        using var client = gateway.Client(world.Console);
        var admission = f.Admitters.Sign(Admitters.Of(f.Other.Node, world.Time.GetUtcNow()), "ann", "stranger");

        var body = new AdmitNodeModel(
            admission.Statement.ToArray(),
            [.. admission.Signatures.Select(s => new UserSignatureModel(s.Signer.Value, s.Value.ToArray()))]);
        using var content = new StringContent(
            System.Text.Json.JsonSerializer.Serialize(body, ApiJson.Default.AdmitNodeModel), null, "application/json");
        using var reply = await client.PostAsync(new Uri("/v1/node/admission", UriKind.Relative), content);
        var answer = System.Text.Json.JsonSerializer.Deserialize(await reply.Content.ReadAsStringAsync(), ApiJson.Default.AdmittedModel)!;

        Assert.Empty(answer.Held);
        Assert.Contains(new NotHeldModel(f.Customer.Name.Value, Protocol.Transfer.AdmissionRefusal.Stranger), answer.NotHeld);
        intake.Stop();
    }

    [Fact]
    public async Task A_lock_should_list_who_has_wiped_and_who_has_not_said_so()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        f.Owner.Know(f.Other);
        var gone = await OtherNode.StartAsync(world, "dmz-3");
        f.Owner.Know(gone);
        await gone.DisposeAsync();
        await using var gateway = await GatewayServer.StartAsync(world);
        using var client = gateway.Client(world.Console);
        using var content = new StringContent(
            System.Text.Json.JsonSerializer.Serialize(
                SignedRequestModel.From(f.Customer.Request(UserAction.Lock, new LockPayload(0, "drill"))),
                ApiJson.Default.SignedRequestModel),
            null, "application/json");

        using var reply = await client.PostAsync(new Uri($"/v1/customers/{f.Customer.Name}/lock", UriKind.Relative), content);
        var locked = System.Text.Json.JsonSerializer.Deserialize(await reply.Content.ReadAsStringAsync(), ApiJson.Default.LockedModel)!;

        Assert.Equal(["dmz-1", "dmz-2"], locked.Confirmed);
        Assert.Equal(["dmz-3"], locked.Unconfirmed);
        Assert.Equal(KeyState.Locked, (await there.Status()).State);
        Assert.Equal(KeyState.Locked, (await f.Customer.Status()).State);
    }

    private ActorRef<PeerIntakeMessage> Intake(TransferFixture f)
    {
        f.Other.Know(f.Owner);
        return world.System.Spawn(
            Props<PeerIntakeMessage>.Of(() => new PeerIntake(f.Other.Node, f.Other.Fetcher)),
            $"intake-{f.Customer.Name}");
    }
}
