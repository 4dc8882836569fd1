using Broker.Dmz.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Ledger;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>Attacks by name, each with the code that refuses it.</summary>
/// <typeparam name="TTarget">What is attacked.</typeparam>
internal sealed class AttackTable<TTarget> : Dictionary<string, (string Code, Func<TTarget, Task<string>> Run)>
{
    public void Add(string name, string code, Func<TTarget, Task<string>> run) => Add(name, (code, run));

    public TheoryData<string> Names() => [.. Keys];

    /// <summary>Runs an attack; the refusal of the zone counts as much as that of the key.</summary>
    public async Task Run(string name, TTarget target)
    {
        string code;
        try
        {
            code = await this[name].Run(target);
        }
        catch (ZoneRefusedException refused)
        {
            code = refused.Code;
        }

        Assert.Equal(this[name].Code, code);
    }
}

/// <summary>A customer with a connected agent, under attack.</summary>
internal sealed record Target(TestCustomer Customer, AgentEnd Agent)
{
    /// <summary>The live secret bytes once all actors are at rest.</summary>
    public async Task<long> Gauge()
    {
        await Customer.Status();
        return SecretMemory.Default.LiveBytes;
    }

    /// <summary>
    /// A rightful launch is delivered, and its envelope is the first that the agent gets: what an attack had made the key seal
    /// would have arrived before it.
    /// </summary>
    /// <param name="before">Hand-offs that agents acknowledged before the attack.</param>
    public async Task ShouldHaveOpenedNothing(params Protocol.Identifiers.Id16[] before)
    {
        var (header, body) = await Customer.Deliver(Agent, Customer.Launch());
        Assert.NotEmpty(body);
        Assert.DoesNotContain(
            await Customer.Outcomes(),
            o => o.State == HandOffState.Acknowledged && o.HandOff != header.HandOff && !before.Contains(o.HandOff));
    }

    /// <summary>The refusal stands in the ledger: as a refusal, or as the end of the hand-off.</summary>
    public async Task ShouldBeAudited(string code)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await IsAudited(code))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"the ledger says nothing of {code}");
            await Task.Yield();
        }
    }

    public static Protocol.Identifiers.Id16 HandOffIdOf(Protocol.Requests.SignedRequest launch) =>
        Protocol.Requests.HandOffId.Of(launch.Hash, TestCustomer.AgentOf(launch));

    private async Task<bool> IsAudited(string code) =>
        (await Customer.Refusals()).Any(r => r.Code == code) || (await Customer.Outcomes()).Any(o => o.Code == code);
}
