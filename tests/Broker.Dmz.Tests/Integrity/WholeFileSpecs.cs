using Broker.CredentialZone.Backup;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>
/// The whole database is replaced by an older copy of itself, by somebody or by an honest restore. Whoever has seen more refuses it;
/// those who hold custody, and nobody else, can accept it, and then the ledger says so and everything goes on.
/// </summary>
public sealed class WholeFileSpecs(DmzWorld world) : IClassFixture<DmzWorld>, IDisposable
{
    private readonly string _copy = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_copy);

    [Fact]
    public async Task Older_copy_should_be_refused_while_the_owner_lives_and_others_should_go_on()
    {
        var (quiet, itsAgent) = await world.Ready();
        var scene = await SetBack();

        Assert.Equal(Codes.HeadRolledBack, await Meet.ALaunch(scene));
        Assert.Equal(Codes.HeadRolledBack, await Meet.APut(scene));

        await scene.ShouldBeRecorded(Codes.HeadRolledBack);
        await Scene.ShouldGoOn(quiet, itsAgent);
        itsAgent.Disconnect();
    }

    [Fact]
    public async Task Older_copy_should_be_refused_after_a_full_restart_by_the_nodes_witness()
    {
        var quiet = await world.Enrolled();
        var scene = await SetBack();
        await scene.Customer.RestartLocked();

        Assert.Equal(Codes.HeadRolledBack, await Meet.Unlock(scene.Customer));

        await scene.ShouldBeRecorded(Codes.HeadRolledBack);
        await quiet.FindAgain();
        Assert.Equal(KeyState.Unlocked, await Meet.Unlock(quiet));
    }

    [Fact]
    public async Task Older_copy_should_be_refused_after_a_full_restart_by_a_consoles_witness()
    {
        var customer = await world.Enrolled();
        Copy();
        var seen = (await customer.PutPolicy("later", ["web-1"])).Head;
        PutBack();
        await customer.RestartLocked();
        world.LoseWitnesses();

        Assert.Equal(Codes.HeadRolledBack, await Meet.Unlock(customer, witness: seen));
    }

    [Fact]
    public async Task Store_without_any_witness_should_be_declared_unproven_and_others_should_go_on()
    {
        var quiet = await world.Enrolled();
        var scene = await SetBack();
        await scene.Customer.RestartLocked();
        world.LoseWitnesses();

        Assert.Equal(Codes.FreshnessUnproven, await Meet.Unlock(scene.Customer));

        await scene.ShouldBeRecorded(Codes.FreshnessUnproven);
        await quiet.FindAgain();
        Assert.Equal(KeyState.Unlocked, await Meet.Unlock(quiet, witness: WireSigned.From((await quiet.ZoneState()).Head)));
    }

    [Fact]
    public async Task Honest_restore_should_be_accepted_by_custodians_and_the_ledger_should_say_so()
    {
        var scene = await SetBack();
        var customer = scene.Customer;
        var stands = WireSigned.From((await customer.ZoneState()).Head).Read<CustomerHead>();
        await customer.RestartLocked();

        // One custodian's word is not enough.
        await customer.Give(customer.ShareFor(1, accepted: stands));
        await customer.Give(customer.ShareFor(2));
        Assert.Equal(Codes.HeadRolledBack, (await customer.Until(static s => s.State == KeyState.Locked)).LastFailure);

        Assert.Equal(KeyState.Unlocked, await Meet.Unlock(customer, accepted: stands));

        var restored = Assert.Single(await customer.Ledger(), static b => b.Kind == BlockKind.Restored);
        var record = Statement.Read<RestoredRecord>(restored.Body.Span);
        Assert.True(record.Restoration.IsBy(customer.Custody.Identity));
        var said = record.Restoration.Read<Restoration>();
        Assert.Equal((Codes.HeadRolledBack, stands.Counter), (said.Code, said.AcceptedCounter));
        Assert.True(said.SeenCounter > stands.Counter);
        Assert.Equal(said.SeenCounter + 1, (await customer.Status()).HeadCounter);
        Assert.True((await customer.Status()).Fence > said.SeenFence);
        Assert.Equal("verified", VerifyStore());

        // What was seen before is behind what comes after: neither the node nor a console nor an agent stands in the way any more.
        await customer.PutCredential("db", "after"u8.ToArray(), "web", 1);
        await customer.RestartLocked();
        Assert.Equal(KeyState.Unlocked, await Meet.Unlock(customer));
        scene.Agent.HighestHead = said.SeenCounter;
        await scene.Agent.Connect();
        scene.Agent.Disconnect();
        Assert.Equal("verified", VerifyStore());
    }

    [Fact]
    public async Task Acceptance_should_hold_for_one_customer_and_one_time()
    {
        var scene = await SetBack();
        var customer = scene.Customer;
        var stands = WireSigned.From((await customer.ZoneState()).Head).Read<CustomerHead>();
        await customer.RestartLocked();
        Assert.Equal(KeyState.Unlocked, await Meet.Unlock(customer, accepted: stands));

        // Set back once more to what was accepted: that was another day.
        PutBack();
        Assert.Equal(Codes.HeadRolledBack, await Meet.AnUnlock(scene));
        Assert.Equal(Codes.HeadRolledBack, await Meet.Unlock(customer, accepted: stands with { Counter = stands.Counter + 1 }));
        Assert.Equal(KeyState.Unlocked, await Meet.Unlock(customer, accepted: stands));
    }

    private async Task<Scene> SetBack()
    {
        var (customer, agent) = await world.Ready();
        Copy();
        await customer.PutCredential("db", "newer"u8.ToArray(), "web", 1);
        PutBack();
        return new Scene(customer, agent, customer);
    }

    private void Copy() => world.Zone.WhileStopped(() => File.Copy(world.Zone.DatabasePath, _copy, overwrite: true));

    private void PutBack() => world.Zone.WhileStopped(() => File.Copy(_copy, world.Zone.DatabasePath, overwrite: true));

    private string VerifyStore()
    {
        var findings = StoreFile.Verify(
            world.Zone.DatabasePath, isLive: true, world.Authority.Trust, world.Time, static _ => { }).Findings;
        return findings.Count == 0 ? "verified" : string.Join("; ", findings);
    }
}
