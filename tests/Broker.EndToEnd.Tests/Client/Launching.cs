using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Ledger;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>Launches by brokerctl for the agent <c>web-1</c> of the customer <c>acme</c>, each to its acknowledgement.</summary>
/// <param name="cluster">The broker.</param>
internal sealed class Launching(Cluster cluster)
{
    /// <summary>How many hand-offs the ledger has of it.</summary>
    public int HandOffs { get; private set; }

    /// <summary>
    /// Launches, and gives the id of the hand-off that the agent acknowledged; once more where the agent's link was lost meanwhile, as on a
    /// machine that stands still.
    /// </summary>
    /// <param name="arguments">Options of the user and the uses.</param>
    public async Task<string> LaunchAsync(params string[] arguments)
    {
        while (true)
        {
            var begun = cluster.Agent.Log.Length;
            var result = await cluster.Console.RunAsync(
                null, ["launch", "--customer", "acme", "--agent", "web-1", "--wait", "60", .. arguments]);
            var (handOff, state, code) = await EndAsync(result);
            HandOffs++;
            if (state == HandOffState.Acknowledged)
                return handOff;
            if (!Client.HandOffs.IsLinkLost(cluster.Agent.Log, begun, state, code))
                throw new InvalidOperationException($"hand-off {handOff} is {state} {code}\n{result}");
            await cluster.SessionAsync(cluster.Agent.Log.LastIndexOf("link lost", StringComparison.Ordinal));
        }
    }

    // Its end may come later than brokerctl waits for it.
    private async Task<(string HandOff, string State, string Code)> EndAsync(BrokerctlResult result)
    {
        if (result.Out.Length == 0)
            throw new InvalidOperationException(result.ToString());
        var (shown, last) = (result.Json, result.ToString());
        await Eventually.TrueAsync("the hand-off ends", async () =>
        {
            if (HandOffState.EndsHandOff(shown.GetProperty("state").GetString()!))
                return true;
            var again = await cluster.Console.OkAsync(
                "hand-off", "show", shown.GetProperty("handOff").GetString()!, "--customer", "acme");
            (shown, last) = (again.Json, again.ToString());
            return false;
        });
        return (shown.GetProperty("handOff").GetString()!, shown.GetProperty("state").GetString()!,
            shown.TryGetProperty("code", out var code) ? code.GetString() ?? "" : "");
    }
}
