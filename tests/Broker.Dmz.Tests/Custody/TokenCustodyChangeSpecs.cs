using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Custody;

/// <summary>
/// Changes of custody and rotations with a way in the node's token: the new wrap is there and was opened before the change counts, and
/// when it counts the old one is gone.
/// </summary>
[Collection(SoftHsm.Collection)]
public sealed class TokenCustodyChangeSpecs(DmzWorld world) : TokenFixture(world)
{
    [SkippableFact]
    public async Task A_change_should_open_the_new_wrap_before_it_counts_and_leave_no_old_one()
    {
        var customer = await Enrolled();
        var before = Place(await customer.ZoneCustody());
        var (shares, keys) = TestCustomer.NewCustodians(2, 3);

        var begun = await Begin(customer, shares);

        // In the token, opened there again, and not counting yet: custodians have to confirm.
        var made = Place(begun.Custody.ToSigned().Read<CustodyRecord>());
        Assert.NotEqual(before, made);
        Assert.Null(await Refusal(made));
        Assert.Null(await Refusal(before));
        Assert.Equal(before, Place(await customer.ZoneCustody()));
        Assert.Contains(SoftHsm.Way.Value, (await customer.Status()).Given);

        await customer.Confirm(begun, keys);
        await customer.UntilCustody(1, 2);
        Assert.Equal(made, Place(await customer.ZoneCustody()));
        Assert.Null(await Refusal(made));
        Assert.Equal(Codes.HsmWrapMissing, await Refusal(before));
    }

    [SkippableFact]
    public async Task A_change_that_comes_to_nothing_should_leave_the_old_wrap_alone()
    {
        var customer = await Enrolled();
        var before = Place(await customer.ZoneCustody());
        var first = Place((await Begin(customer, TestCustomer.NewCustodians(2, 3).Way)).Custody.ToSigned().Read<CustodyRecord>());
        var second = Place((await Begin(customer, TestCustomer.NewCustodians(2, 3).Way)).Custody.ToSigned().Read<CustodyRecord>());
        Assert.Equal(Codes.HsmWrapMissing, await Refusal(first));
        Assert.Null(await Refusal(second));

        await customer.Wipe();

        Assert.Equal(Codes.HsmWrapMissing, await Refusal(second));
        Assert.Null(await Refusal(before));
    }

    [SkippableFact]
    public async Task A_token_that_is_away_should_stop_the_change_before_it_counts()
    {
        var customer = await Enrolled();
        var before = Place(await customer.ZoneCustody());
        Hsm.TakeOut();

        var refused = await Ask(customer, TestCustomer.NewCustodians(2, 3).Way);

        Assert.Contains(refused.Code, (string[])[Codes.HsmTokenMissing, Codes.HsmTokenLost]);
        Assert.Null((await customer.Status()).Challenge);
        Hsm.PutBack();
        Assert.Null((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);
        Assert.Equal(before, Place(await customer.ZoneCustody()));
        Assert.Null(await Refusal(before));
    }

    [SkippableFact]
    public async Task A_rotation_should_keep_both_epochs_in_the_new_wrap_and_leave_no_old_one()
    {
        var customer = await Enrolled();
        await customer.PutPolicy("web", agents: ["web-1"]);
        await customer.PutCredential("db", "secret"u8.ToArray(), "web");
        var before = Place(await customer.ZoneCustody());
        World.Zone.Allow("rotate-rows", 0);
        var (shares, keys) = TestCustomer.NewCustodians(2, 3);
        var payload = (await customer.RotationPayload(shares)) with { Ways = [shares, Vault], OneWayOnly = false };
        var begun = await customer.BeginCustody(customer.Request(UserAction.Rotate, payload, co: "bob"), UserAction.Rotate);
        Assert.True(begun.Code is null, $"{begun.Code}: {begun.Detail}");
        var made = Place(begun.Value!.Custody.ToSigned().Read<CustodyRecord>());
        Assert.Null(await Refusal(made));
        Assert.Null(await Refusal(before));
        Assert.Equal(1u, (await customer.ZoneCustody()).Epoch);

        await customer.Confirm(begun.Value!, keys);
        await customer.UntilCustody(2, 1);
        Assert.Equal(Codes.HsmWrapMissing, await Refusal(before));

        // The token alone brings both epochs back, so the rotation goes on after a crash.
        await World.Restart();
        Assert.Null((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);
        await customer.FindAgain();
        World.StartOpener();
        await customer.UntilUnlocked();
        World.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);
        Assert.Null(await Refusal(made));
    }

    private async Task<TestCustomer> Enrolled()
    {
        var customer = await World.NewCustomer();
        await customer.Enrol(customer.PlanWithKey(Vault));
        return customer;
    }

    private async Task<Result<EnrolledModel>> Ask(TestCustomer customer, CustodyWay shares)
    {
        var payload = (await customer.CustodyPayload(shares)) with { Ways = [shares, Vault], OneWayOnly = false };
        return await customer.BeginCustody(
            customer.Request(UserAction.ChangeCustody, payload, co: "bob"), UserAction.ChangeCustody);
    }

    private async Task<EnrolledModel> Begin(TestCustomer customer, CustodyWay shares)
    {
        var begun = await Ask(customer, shares);
        Assert.True(begun.Code is null, $"{begun.Code}: {begun.Detail}");
        return begun.Value!;
    }
}
