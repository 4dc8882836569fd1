using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Attacks;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Custody;

/// <summary>Change of custody while the customer is unlocked, which asks for two administrators.</summary>
public sealed class CustodyChangeSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task Another_k_and_n_should_count_from_the_commit_on_and_leave_the_rows()
    {
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        var (way, keys) = TestCustomer.NewCustodians(threshold: 3, count: 4);
        var before = await customer.ZoneState();
        var begun = (await customer.BeginCustody(await Signed(customer, way), UserAction.ChangeCustody)).Value!;

        await customer.Confirm(begun, keys, upTo: 3);
        var status = await customer.Status();
        Assert.Equal((KeyState.Unlocked, 4u, 3), (status.State, status.Needed, status.Given.Count));
        Assert.Equal(before.Custody, (await customer.ZoneState()).Custody);
        await new Target(customer, agent).ShouldHaveOpenedNothing();

        await customer.Confirm(begun, keys);
        await customer.UntilCustody(1, 2);
        customer.Use(begun, keys);
        await customer.Restart();
        await agent.Connect();
        await customer.ShouldDeliver(agent, "db", "correct horse battery staple");
    }

    [Fact]
    public async Task A_zone_that_shows_the_custody_before_should_not_bring_it_back()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var old = customer.At(customer.Refs);
        var before = (await customer.ZoneState()).Custody;
        await customer.ChangeCustody(2, 3);
        await customer.Wipe();

        world.Zone.Lie = said => ShowCustody(said, customer, before);
        await old.Give(old.ShareFor(1));
        await old.Give(old.ShareFor(2));
        await customer.Until(s => s.State == KeyState.Locked);
        world.Zone.Lie = null;

        Assert.Equal(Codes.CustodyForged, (await customer.Status()).LastFailure);
        await customer.Unlock();
    }

    [Fact]
    public async Task A_crash_before_the_last_confirmation_should_leave_the_custody_as_it_was()
    {
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        var (way, keys) = TestCustomer.NewCustodians(2, 3);
        var begun = (await customer.BeginCustody(await Signed(customer, way), UserAction.ChangeCustody)).Value!;
        await customer.Confirm(begun, keys, upTo: 2);

        await customer.Restart();

        Assert.Equal(1u, (await customer.ZoneCustody()).Revision);
        Assert.Null((await customer.Status()).Challenge);
        await agent.Connect();
        await customer.ShouldDeliver(agent, "db", "correct horse battery staple");
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_should_count()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        world.Zone.LoseNextAnswer("commit");

        await customer.ChangeCustody(2, 2);
        await customer.Wipe();
        await customer.Unlock();

        Assert.Equal(2, customer.Custody.Shares!.Way.Holders.Count);
    }

    [Fact]
    public async Task An_hour_without_the_last_confirmation_should_wipe_what_was_made()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var before = await Gauge(customer);
        var (way, keys) = TestCustomer.NewCustodians(2, 3);
        var held = await Gauge(customer);
        var request = await Signed(customer, way);
        var begun = (await customer.BeginCustody(request, UserAction.ChangeCustody)).Value!;
        await customer.Confirm(begun, keys, upTo: 2);
        Assert.True(await Gauge(customer) > held);

        customer.Refs.Key.Tell(new CustomerKeyMessage.GiveUpCustody(request.Hash));
        var status = await customer.Until(static s => s.Challenge is null);

        Assert.Equal((KeyState.Unlocked, Codes.TimedOut), (status.State, status.LastFailure));
        foreach (var key in keys)
        {
            key.Dispose();
        }

        Assert.Equal(before, await Gauge(customer));
        Assert.Equal(Codes.NotEnrolling, (await Confirmed(customer, begun)).Code);
    }

    [Fact]
    public async Task A_lock_should_wipe_what_was_made_and_void_it()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var (way, keys) = TestCustomer.NewCustodians(2, 3);
        var begun = (await customer.BeginCustody(await Signed(customer, way), UserAction.ChangeCustody)).Value!;
        await customer.Confirm(begun, keys, upTo: 2);

        await customer.Wipe();
        await customer.Unlock();

        Assert.Equal(Codes.NotEnrolling, (await Confirmed(customer, begun)).Code);
        Assert.Equal(1u, (await customer.ZoneCustody()).Revision);
    }

    [Fact]
    public async Task A_second_request_should_take_the_place_of_the_first()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var (way, keys) = TestCustomer.NewCustodians(2, 3);
        var first = (await customer.BeginCustody(await Signed(customer, way), UserAction.ChangeCustody)).Value!;
        var second = (await customer.BeginCustody(await Signed(customer, way), UserAction.ChangeCustody)).Value!;

        Assert.Equal(Codes.ConfirmationWrong, (await Confirmed(customer, first)).Code);
        await customer.Confirm(second, keys);
        await customer.UntilCustody(1, 2);
    }

    [Theory]
    [InlineData("one administrator", RequestRefusal.CoSignatureNeeded)]
    [InlineData("one administrator twice", RequestRefusal.CoSignatureNeeded)]
    [InlineData("an operator", RequestRefusal.RoleForbids)]
    [InlineData("another revision", Codes.VersionConflict)]
    [InlineData("another epoch", Codes.VersionConflict)]
    [InlineData("one way, not said so", Codes.PlanRefused)]
    [InlineData("three administrators required", Codes.PlanRefused)]
    [InlineData("a payload of another action", Codes.PlanRefused)]
    [InlineData("sent as a rotation", Codes.PlanRefused)]
    [InlineData("a request that was committed", Codes.VersionConflict)]
    public async Task Custody_should_not_be_changed_by(string attack, string code)
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var payload = await customer.CustodyPayload(TestCustomer.NewCustodians(2, 3).Way);
        var action = UserAction.ChangeCustody;
        var request = attack switch
        {
            "one administrator" => customer.Request(action, payload),
            "one administrator twice" => customer.Request(action, payload, co: "alice"),
            "an operator" => customer.Request(action, payload, co: "carol"),
            "another revision" => customer.Request(action, payload with { Replaces = 2 }, co: "bob"),
            "another epoch" => customer.Request(action, payload with { Epoch = 2 }, co: "bob"),
            "one way, not said so" => customer.Request(action, payload with { OneWayOnly = false }, co: "bob"),
            "three administrators required" => customer.Request(action, payload with { AdministratorsRequired = 3 }, co: "bob"),
            "a payload of another action" => customer.Request(action, new LockPayload(0, "x"), co: "bob"),
            _ => customer.Request(action, payload, co: "bob"),
        };
        if (attack == "a request that was committed")
        {
            await customer.ChangeCustody(2, 3);
        }

        Assert.Equal(code, (await customer.BeginCustody(
            request, attack == "sent as a rotation" ? UserAction.Rotate : UserAction.ChangeCustody)).Code);
        Assert.Null((await customer.Status()).Challenge);
    }

    [Fact]
    public async Task A_custody_that_no_holder_confirmed_should_be_refused_whoever_submits_it()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var request = await Signed(customer, TestCustomer.NewCustodians(2, 3).Way);
        var begun = (await customer.BeginCustody(request, UserAction.ChangeCustody)).Value!;

        var refused = await customer.Submit(new Change.Custody(request, UserAction.ChangeCustody, begun.Custody.ToSigned()));

        Assert.Equal(Codes.CustodyForged, refused.Code);
    }

    private static async Task<SignedRequest> Signed(TestCustomer customer, Protocol.Custody.CustodyWay way) =>
        customer.Request(UserAction.ChangeCustody, await customer.CustodyPayload(way), co: "bob");

    private static Task<Result<KeyStatus>> Confirmed(TestCustomer customer, EnrolledModel made) =>
        customer.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.Confirm("shares", made.Shares[^1].Index, new byte[32], r));

    private static async Task<long> Gauge(TestCustomer customer)
    {
        await customer.Status();

        // What earlier tests dropped is not counted.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return SecretMemory.Default.LiveBytes;
    }

    // Signed by the identity, but no longer under its head.
    private static byte[] ShowCustody(byte[] said, TestCustomer customer, Wire.Signed custody)
    {
        try
        {
            var state = Wire.CustomerState.Parser.ParseFrom(said);
            if (state.Customer == customer.Name.Value && state.Custody is not null && state.LedgerHash.Length == 32)
            {
                state.Custody = custody;
                return state.ToByteArray();
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // Another answer.
        }

        return said;
    }
}
