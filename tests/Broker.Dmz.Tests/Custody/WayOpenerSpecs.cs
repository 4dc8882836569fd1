using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Custody;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Custody;

/// <summary>Unlocking without people, and all that keeps it from happening.</summary>
[Collection(SoftHsm.Collection)]
public sealed class WayOpenerSpecs : IClassFixture<DmzWorld>, IAsyncLifetime
{
    private readonly DmzWorld _world;
    private readonly SoftHsm _hsm;

    public WayOpenerSpecs(DmzWorld world) => (_world, _hsm) = (world, new SoftHsm());

    private CustodyWay Vault => CustodyWay.OfWrap(WayKind.Hsm, new NamedKey(SoftHsm.Way, _hsm.Key));

    public async Task InitializeAsync()
    {
        _world.Hsm = _hsm;
        await _world.Restart();
        await _world.Node.Tokens.LookAsync(SoftHsm.Way);
    }

    public async Task DisposeAsync()
    {
        _world.Hsm = null;
        await _world.Restart();
        _hsm.Dispose();
    }

    [SkippableFact]
    public async Task A_customer_should_unlock_by_itself_after_a_restart_and_the_ledger_say_by_what()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();

        _world.StartOpener();
        await customer.UntilUnlocked();

        await customer.PutPolicy("web", agents: ["web-1"]);
        var opened = await Recorded(customer, CustodyEvent.Opened);
        Assert.Equal(("node/dmz-1", "vault"), (opened.Principal, opened.Subject));
        await customer.Wipe();
        await customer.UntilUnlocked();
    }

    [SkippableFact]
    public async Task A_lock_should_stand_over_a_restart_until_an_administrator_lifts_it()
    {
        var (locked, free) = (await Enrolled(), await Enrolled());
        await locked.Lock();
        await locked.RestartLocked();
        var there = free.At((await _world.Customers.Find(free.Name, exists: true)).Value!);
        _world.StartOpener();

        // The other one shows that the opener has been at it.
        await there.UntilUnlocked();
        await there.Wipe();
        await there.UntilUnlocked();
        Assert.Equal((KeyState.Locked, (string?)null), await State(locked));

        // Somebody asks for it: then the key is there, and the lock still stands.
        Assert.Null((await GiveOpened(locked, unattended: false)).Code);
        await locked.Until(s => s.State == KeyState.LiftNeeded);
        Assert.Equal(Codes.LiftNeeded, (await locked.Submit(
            locked.Request(UserAction.PutPolicy, locked.Policy("p", ["a"])), UserAction.PutPolicy)).Code);
        await locked.LiftTheLock();
    }

    [SkippableFact]
    public async Task A_lock_that_comes_while_a_token_opens_should_win()
    {
        var customer = await Enrolled();
        await customer.Lock();

        Assert.Null((await GiveOpened(customer, unattended: true)).Code);

        var after = await customer.Until(s => s.LastFailure is not null);
        Assert.Equal((KeyState.Locked, Codes.LockStands), (after.State, after.LastFailure));
        Assert.Equal(_world.AtRest, SecretMemory.Default.LiveBytes);
    }

    [SkippableFact]
    public async Task What_people_began_should_not_be_thrown_away_by_an_opening_that_nobody_asked_for()
    {
        var customer = await Enrolled();
        await customer.Wipe();
        Assert.Null((await customer.Give(customer.ShareFor(1))).Code);

        Assert.Equal(Codes.CustomerLocked, (await GiveOpened(customer, unattended: true)).Code);

        Assert.Equal(["shares/1"], (await customer.Status()).Given);
        Assert.Null((await customer.Give(customer.ShareFor(2))).Code);
        await customer.UntilUnlocked();
    }

    [SkippableFact]
    public async Task A_token_that_was_taken_out_should_be_told_of_and_unlock_when_it_is_back()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();
        _hsm.TakeOut();
        _world.StartOpener();
        var condition = WayOpener.Condition(SoftHsm.Way);
        await Until(() => _world.Health.Conditions.Any(c => c.Name == condition && !c.IsGood && c.Detail.Contains("put it back")));
        Assert.True(_world.Health.Conditions.Single(c => c.Name == condition).IsAdvisory);
        Assert.Equal(KeyState.Locked, (await customer.Status()).State);

        _hsm.PutBack();

        await customer.UntilUnlocked();
        await Until(() => _world.Health.Conditions.Single(c => c.Name == condition).IsGood);
    }

    [SkippableFact]
    public async Task An_unproven_start_should_stay_locked_and_wait_for_those_who_accept_it()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();
        foreach (var witness in Directory.GetFiles(_world.Node.WitnessDirectory))
        {
            File.Delete(witness);
        }

        _world.StartOpener();

        var status = await customer.Until(s => s.LastFailure is not null);
        Assert.Equal((KeyState.Locked, Codes.FreshnessUnproven), (status.State, status.LastFailure));
        Assert.Contains("--accept-head", status.Missing, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_customer_that_another_node_has_claimed_should_be_left_to_it()
    {
        var customer = await Enrolled();
        await customer.RestartLocked();
        await using var system = new Actors.ActorSystem("dmz-2", new Actors.ActorSystemOptions { Time = _world.Time });
        var other = _world.MakeNode("dmz-2", system);
        var witness = Directory.GetFiles(_world.Node.WitnessDirectory, $"*{customer.Name}*").Single();
        File.Copy(witness, Path.Combine(other.WitnessDirectory, Path.GetFileName(witness)));
        var registry = DmzWorld.StartCustomers(system, other);
        var there = customer.At((await registry.Find(customer.Name, exists: true)).Value!);
        using (var record = customer.OpenWrap())
        {
            Assert.Null((await there.Give(customer.WrapFor(record, other.Incarnation.Key))).Code);
        }

        await there.UntilUnlocked();
        await _world.Node.Tokens.LookAsync(SoftHsm.Way);
        var control = await Enrolled();
        await control.Wipe();
        _world.StartOpener();
        await control.UntilUnlocked();
        await control.Wipe();
        await control.UntilUnlocked();

        Assert.Equal(KeyState.Locked, (await customer.Status()).State);
        Assert.Equal(KeyState.Unlocked, (await there.Status()).State);
        ((IDisposable)other.Zone).Dispose();
        other.Incarnation.Dispose();
        other.AgentIssuer!.Dispose();
    }

    private async Task<TestCustomer> Enrolled()
    {
        var customer = await _world.NewCustomer();
        await customer.Enrol(customer.PlanWithKey(Vault));
        return customer;
    }

    private async Task<Result<KeyStatus>> GiveOpened(TestCustomer customer, bool unattended)
    {
        using var opened = await _world.Node.Tokens.OpenAsync(
            WrapPlace.Of(customer.Custody, customer.Custody.Find(SoftHsm.Way)!));
        Assert.Null(opened.Refused);
        var cargo = new Actors.Cargo<WrapRecord>(opened.Record!.Take());
        return await customer.Ask<Result<KeyStatus>>(
            r => new CustomerKeyMessage.GiveOpened(cargo, customer.Enrolment!.Custody.ToSigned(), unattended, r));
    }

    private static async Task<(string State, string? Failure)> State(TestCustomer customer)
    {
        var status = await customer.Status();
        return (status.State, status.LastFailure);
    }

    private static async Task<CustodyEvent> Recorded(TestCustomer customer, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var found = (await customer.Ledger()).Where(b => b.Kind == BlockKind.CustodyEvent)
                .Select(b => Statement.Read<CustodyEvent>(b.Body.Span)).FirstOrDefault(e => e.Event == what);
            if (found is not null)
            {
                return found;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "nothing is recorded");
        }
    }

    private static async Task Until(Func<bool> reached)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "it does not come");
            await Task.Yield();
        }
    }
}
