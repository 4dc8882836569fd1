using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Dmz.Tests.Custody;

/// <summary>Enrolment with a way in the node's token: it is there and was opened there before anybody is answered, or nothing is.</summary>
[Collection(SoftHsm.Collection)]
public sealed class TokenEnrolmentSpecs(DmzWorld world) : TokenFixture(world)
{
    [SkippableFact]
    public async Task An_enrolment_should_have_its_wrap_in_the_token_and_nowhere_else()
    {
        var customer = await World.NewCustomer();
        await customer.BeginToEnrol(customer.PlanWithKey(Vault));

        Assert.Equal(["safe"], customer.Enrolment!.Wraps.Select(w => w.Way));
        Assert.Equal(["vault"], (await customer.Status()).Given);
        using (var opened = await Open(customer))
        {
            Assert.Null(opened.Refused);
            Assert.Equal(customer.Custody.Identity, opened.Record!.Peek.Identity);
        }

        await customer.Wipe();
    }

    [SkippableFact]
    public async Task A_token_should_be_enough_where_that_was_asked_for()
    {
        var customer = await World.NewCustomer();

        await customer.Enrol(customer.Plan() with { Ways = [Vault], OneWayOnly = true });

        Assert.Null((await customer.Submit(
            customer.Request(UserAction.PutPolicy, customer.Policy("p", ["a"])), UserAction.PutPolicy)).Code);
    }

    [SkippableFact]
    public async Task Nothing_should_stay_in_the_token_of_an_enrolment_that_is_given_up_or_begun_again()
    {
        var customer = await World.NewCustomer();
        await customer.BeginToEnrol(customer.PlanWithKey(Vault));
        var first = Place(customer);
        await customer.BeginToEnrol(customer.PlanWithKey(Vault));
        var second = Place(customer);
        Assert.Equal(Codes.HsmWrapMissing, await Refusal(first));
        Assert.Null(await Refusal(second));

        await customer.Wipe();

        Assert.Equal(Codes.HsmWrapMissing, await Refusal(second));
        Assert.Equal(World.AtRest, SecretMemory.Default.LiveBytes);
    }

    [SkippableFact]
    public async Task What_could_not_be_removed_should_be_removed_when_the_token_is_back()
    {
        var customer = await World.NewCustomer();
        await customer.BeginToEnrol(customer.PlanWithKey(Vault));
        var place = Place(customer);
        Hsm.TakeOut();

        await customer.Wipe();
        Assert.NotNull((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);
        Hsm.PutBack();
        Assert.Null((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);

        Assert.Equal(Codes.HsmWrapMissing, await Refusal(place));
    }

    [SkippableFact]
    public async Task A_customer_that_was_enrolled_should_keep_its_wrap()
    {
        var customer = await World.NewCustomer();
        await customer.Enrol(customer.PlanWithKey(Vault));
        await customer.Wipe();

        Assert.Null(await Refusal(Place(customer)));
    }

    [SkippableFact]
    public async Task A_plan_should_be_refused_that_names_a_way_or_key_that_the_node_has_not()
    {
        var customer = await World.NewCustomer();
        var attic = CustodyWay.OfWrap(WayKind.Hsm, new NamedKey(Name.Parse("attic"), Hsm.Key));
        var swapped = CustodyWay.OfWrap(WayKind.Hsm, new NamedKey(SoftHsm.Way, new SignerKey().Key));

        Assert.Equal(Codes.HsmWayUnknown, (await customer.AskToEnrol(customer.PlanWithKey(attic))).Code);
        Assert.Equal(Codes.HsmKeyDiffers, (await customer.AskToEnrol(customer.PlanWithKey(swapped))).Code);

        Assert.Equal(KeyState.Unknown, (await customer.Status()).State);
        Assert.Equal(World.AtRest, SecretMemory.Default.LiveBytes);
    }

    [SkippableFact]
    public async Task A_token_that_goes_away_should_end_the_enrolment_and_leave_it_possible()
    {
        var customer = await World.NewCustomer();
        Hsm.TakeOut();

        var refused = await customer.AskToEnrol(customer.PlanWithKey(Vault));

        Assert.Contains(refused.Code, (string[])[Codes.HsmTokenMissing, Codes.HsmTokenLost]);
        Assert.Contains("put it back", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(KeyState.Unknown, (await customer.Status()).State);

        // What may be in the token is removed behind the answer, for which the PIN is read: this call comes after that one.
        Assert.NotNull((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);
        Assert.Equal(World.AtRest, SecretMemory.Default.LiveBytes);
        Hsm.PutBack();
        await customer.Enrol(customer.PlanWithKey(Vault));
    }

    [SkippableFact]
    public async Task A_wrong_pin_should_be_tried_once_until_the_file_changes()
    {
        var customer = await World.NewCustomer();
        Hsm.WritePin("0000-0000");
        Assert.Equal(Codes.HsmPinWrong, (await customer.AskToEnrol(customer.PlanWithKey(Vault))).Code);

        // The right PIN reaches the token by hand, which clears its count; the node would see that if it tried again.
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(Codes.HsmPinWrong, (await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem!.Code);
            Assert.Equal(Codes.HsmPinWrong, (await customer.AskToEnrol(customer.PlanWithKey(Vault))).Code);
        }

        Hsm.WritePin("4711");
        // The token says that a wrong one was given: what nobody asked for does not try.
        Assert.Equal(Codes.HsmPinTriesLow, (await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem!.Code);
        Hsm.WritePin(SoftHsm.Pin);
        await customer.Enrol(customer.PlanWithKey(Vault));
        Assert.Null((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);
    }

    [SkippableFact]
    public async Task What_is_removed_without_being_asked_should_not_try_a_pin_after_a_wrong_one()
    {
        var customer = await World.NewCustomer();
        await customer.BeginToEnrol(customer.PlanWithKey(Vault));
        var place = Place(customer);
        Hsm.WritePin("0000-0000");
        Assert.Equal(Codes.HsmPinWrong, (await customer.AskToEnrol(customer.PlanWithKey(Vault))).Code);
        Hsm.WritePin("4711");

        Assert.Equal(Codes.HsmPinTriesLow, (await World.Node.Tokens.RemoveAsync(place)).Code);

        Assert.Equal(Codes.HsmPinTriesLow, (await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem!.Code);
        Hsm.WritePin(SoftHsm.Pin);
        await customer.Enrol(customer.PlanWithKey(Vault));
        Assert.Null((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);
        Assert.Equal(Codes.HsmWrapMissing, await Refusal(place));
    }

    private static WrapPlace Place(TestCustomer customer) => Place(customer.Custody);

    private Task<OpenedWrap> Open(TestCustomer customer) => World.Node.Tokens.OpenAsync(Place(customer));
}
