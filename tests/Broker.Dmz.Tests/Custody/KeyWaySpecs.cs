using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Tests.Custody;

/// <summary>Unlocking by a wrap that the customer keeps, and what is no such wrap.</summary>
public sealed class KeyWaySpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private static readonly Dictionary<string, (string Code, Func<TestCustomer, TestCustomer, WrapModel> Make)> Bad = new()
    {
        ["sealed to another start"] = (Codes.WrapWrongIncarnation, static (c, _) => c.WrapFor(new SignerKey().Key)),
        ["altered"] = (Codes.WrapWrongIncarnation, static (c, _) => Altered(c)),
        ["another epoch said"] = (Codes.WrapWrongIncarnation, static (c, _) => c.WrapFor() with { Epoch = 2 }),
        ["another way said"] = (Codes.WrapWrongIncarnation, static (c, _) => c.WrapFor() with { Way = "cellar" }),
        ["another making said"] = (Codes.WrapWrongIncarnation, static (c, _) => c.WrapFor() with { Split = c.NewId().ToString() }),
        ["another head accepted than was sealed"] =
            (Codes.WrapWrongIncarnation, static (c, _) => c.WrapFor() with { AcceptedCounter = 7 }),
        ["no way's name"] = (Codes.Malformed, static (c, _) => c.WrapFor() with { Way = "NOT A NAME" }),
        ["no making"] = (Codes.Malformed, static (c, _) => c.WrapFor() with { Split = "x" }),
        ["the wrap of another customer"] = (Codes.WrapWrongIncarnation, static (_, other) => other.WrapFor()),
        ["the record of another customer"] =
            (Codes.WrapForeign, static (c, other) => OfAnother(c, other)),
        ["the record of another making"] = (Codes.WaySuperseded, static (c, _) => Made(c, c.NewId(), TestCustomer.Safe)),
        ["a self-made secret in the customer's place"] =
            (Codes.WrapForeign, static (c, _) => Made(c, c.Custody.Find(TestCustomer.Safe)!.Split, TestCustomer.Safe)),
        ["a way that there is not"] = (Codes.WaySuperseded, static (c, _) => Made(c, c.NewId(), TestCustomer.N("cellar"))),
        ["no record"] = (Codes.WrapForeign, static (c, _) => NoRecord(c)),
        ["a forged signature"] = (Codes.WrapForged, static (c, _) => Forged(c)),
    };

    public static TheoryData<string> Names => [.. Bad.Keys];

    [Fact]
    public async Task A_customer_should_unlock_by_its_own_key_alone_and_say_before_what_is_missing()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();
        customer.Refs.Key.Tell(new CustomerKeyMessage.Hear(customer.Enrolment!.Custody.ToSigned()));
        Assert.Equal("2 of 3 shares (0 given), or the key of way safe", (await customer.Status()).Missing);

        Assert.Null((await customer.Give(customer.WrapFor())).Code);
        await customer.UntilUnlocked();
        await customer.PutPolicy("web", agents: ["web-1"]);

        await customer.Wipe();
        Assert.Equal(world.AtRest, SecretMemory.Default.LiveBytes);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_is_not_the_customers_wrap_should_be_refused_and_leave_nothing(string bad)
    {
        var (customer, other) = (await Enrolled(), await Enrolled());
        await customer.RestartLocked();
        var wrap = Bad[bad].Make(customer, other);
        var before = SecretMemory.Default.LiveBytes;

        var given = await customer.Give(wrap);

        Assert.Equal(Bad[bad].Code, given.Code);
        Assert.Equal(KeyState.Locked, (await customer.Status()).State);
        Assert.Equal(before, SecretMemory.Default.LiveBytes);
        Assert.Null((await customer.Give(customer.WrapFor())).Code);
        await customer.UntilUnlocked();
    }

    [Fact]
    public async Task A_wrap_sealed_to_one_start_should_mean_nothing_to_the_next()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();
        var wrap = customer.WrapFor();
        Assert.Null((await customer.Give(wrap)).Code);
        await customer.UntilUnlocked();

        await customer.RestartLocked();

        Assert.Equal(Codes.WrapWrongIncarnation, (await customer.Give(wrap)).Code);
    }

    [Fact]
    public async Task What_was_superseded_should_say_so_also_where_the_record_shown_first_hid_it()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();
        var (wrap, share) = (customer.WrapFor(), customer.ShareFor(2));
        var changed = customer.Custody with { Ways = [.. customer.Custody.Ways.Select(w => w with { Split = customer.NewId() })] };
        var shown = new Signed(changed.Encode(), new byte[64]);

        Assert.Equal(Codes.WaySuperseded, (await customer.Give(wrap, shown)).Code);
        var given = await customer.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.GiveShare(share, shown, r));
        Assert.Equal(Codes.WaySuperseded, given.Code);

        // A wrap that the zone's record does not have any more, but the record that the caller shows does.
        WrapModel another;
        CustodyRecord hidden;
        using (var record = AnotherMaking(customer))
        {
            another = customer.WrapFor(record);
            hidden = customer.Custody with { Ways = [.. customer.Custody.Ways.Select(w => w with { Split = record.Split })] };
        }

        Assert.Null((await customer.Give(another, new Signed(hidden.Encode(), new byte[64]))).Code);
        var after = await customer.Until(s => s.LastFailure is not null);
        Assert.Equal((KeyState.Locked, Codes.WaySuperseded), (after.State, after.LastFailure));
        Assert.Equal(world.AtRest, SecretMemory.Default.LiveBytes);
    }

    [Fact]
    public async Task A_lock_should_need_a_lift_also_after_the_customers_key()
    {
        var customer = await Enrolled();
        await customer.Lock();

        Assert.Null((await customer.Give(customer.WrapFor())).Code);
        await customer.LiftTheLock();

        Assert.Null((await customer.Submit(
            customer.Request(Protocol.Requests.UserAction.PutPolicy, customer.Policy("p", ["a"])),
            Protocol.Requests.UserAction.PutPolicy)).Code);
    }

    [Fact]
    public async Task A_share_that_is_wrong_should_be_named_without_the_others()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();
        Assert.Null((await customer.Give(customer.ShareFor(1))).Code);

        var wrong = await customer.Give(customer.ShareFor(3, new SignerKey().Key));

        Assert.Equal(Codes.ShareWrongIncarnation, wrong.Code);
        Assert.Contains("share 3", wrong.Detail, StringComparison.Ordinal);
        Assert.Contains("begin again", wrong.Detail, StringComparison.Ordinal);
        Assert.Equal(["shares/1"], (await customer.Status()).Given);
        Assert.Equal("2 of 3 shares (1 given), or the key of way safe", (await customer.Status()).Missing);
    }

    [Fact]
    public async Task A_holder_should_not_confirm_with_the_answer_of_another()
    {
        var customer = await world.NewCustomer();
        await customer.BeginToEnrol(customer.PlanWithKey());
        byte[] answer;
        using (var share = customer.OpenShare(1))
        {
            answer = share.Confirm(customer.Enrolment!.Challenge);
        }

        Assert.Equal(Codes.ConfirmationWrong, (await customer.Confirm("safe", 0, answer)).Code);
        Assert.Equal(Codes.ConfirmationWrong, (await customer.Confirm("shares", 2, answer)).Code);
        Assert.Equal(Codes.ConfirmationWrong, (await customer.Confirm("cellar", 0, answer)).Code);
        Assert.Empty((await customer.Status()).Given);

        await customer.Wipe();
    }

    private async Task<TestCustomer> Enrolled()
    {
        var customer = await world.NewCustomer();
        await customer.Enrol(customer.PlanWithKey());
        return customer;
    }

    private static WrapModel Altered(TestCustomer customer)
    {
        var wrap = customer.WrapFor();
        wrap.Sealed[^1] ^= 1;
        return wrap;
    }

    // Another's record, sealed as if it were this customer's.
    private static WrapModel OfAnother(TestCustomer customer, TestCustomer other)
    {
        using var record = Hpke.Open(other.SafePrivate, other.Wrap.Info(), [], other.Wrap.Sealed.Span);
        return SealRaw(customer, record, other.Wrap.Split);
    }

    // A record of a secret of the maker's own, for this customer.
    private static WrapModel Made(TestCustomer customer, Id16 split, Name way)
    {
        using var record = WrapRecordOf(customer, split, way);
        return customer.WrapFor(record);
    }

    private static WrapRecord WrapRecordOf(TestCustomer customer, Id16 split, Name? way = null)
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        using var secret = CustomerSecret.Create(customer.World.Node.Cluster, customer.Name, 1, SystemRandom.Fill);
        var (wrap, confirmation, _) =
            WrapRecord.Seal(secret, way ?? TestCustomer.Safe, split, PublicKey.Parse(key.PublicKey), SystemRandom.Fill);
        confirmation.Dispose();
        Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(key, wrap, out var record));
        return record!;
    }

    // Of the customer's own secret, as a change of custody makes it.
    private static WrapRecord AnotherMaking(TestCustomer customer)
    {
        using var record = customer.OpenWrap();
        Assert.Equal(WrapFailure.None, record.TryUnlock(out var secret));
        using (secret)
        {
            var (wrap, confirmation, _) =
                WrapRecord.Seal(secret!, TestCustomer.Safe, customer.NewId(), customer.SafeKey, SystemRandom.Fill);
            confirmation.Dispose();
            Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(customer.SafePrivate, wrap, out var made));
            return made!;
        }
    }

    private static WrapModel NoRecord(TestCustomer customer)
    {
        using var nothing = SecretBuffer.CopyOf(new byte[300]);
        return SealRaw(customer, nothing);
    }

    // The customer's own record with another signature under it: what a custodian of the key could make of it, no more.
    private static WrapModel Forged(TestCustomer customer)
    {
        using var record = Hpke.Open(customer.SafePrivate, customer.Wrap.Info(), [], customer.Wrap.Sealed.Span);
        record.Span[^1] ^= 1;
        return SealRaw(customer, record);
    }

    private static WrapModel SealRaw(TestCustomer customer, SecretBuffer record, Id16? split = null)
    {
        var (wrap, incarnation) = (customer.Wrap with { Split = split ?? customer.Wrap.Split }, customer.World.Node.Incarnation.Key);
        var info = CustodyInfo.WrapForUnlock(wrap.Cluster, wrap.Customer, wrap.Epoch, wrap.Way, wrap.Split, incarnation.Fingerprint);
        var bytes = Hpke.Seal(
            incarnation.Bytes.Span, info, CustodyInfo.AcceptedHead(0, Digest.Zero), record.Span, SystemRandom.Fill);
        return new WrapModel(wrap.Epoch, wrap.Way.Value, wrap.Split.ToString(), bytes, 0, Digest.Zero.ToString(), null);
    }
}
