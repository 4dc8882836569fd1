using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Ledger;
using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>Launches by brokerctl for the agent <c>web-1</c> of the customer <c>acme</c>, each to its acknowledgement.</summary>
/// <param name="cluster">The broker.</param>
internal sealed class Launching(Cluster cluster)
{
    /// <summary>How many hand-offs the ledger has of it.</summary>
    public int HandOffs { get; private set; }

    /// <summary>
    /// Launches, and gives the id of the hand-off that the agent acknowledged; once more where it ended as
    /// <see cref="Client.HandOffs.IsPassingAsync"/> says.
    /// </summary>
    /// <param name="arguments">Options of the user and the uses.</param>
    public async Task<string> LaunchAsync(params string[] arguments)
    {
        var first = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var begun = cluster.Agent.Log.Length;
            var result = await cluster.Console.RunAsync(
                null, ["launch", "--customer", "acme", "--agent", "web-1", "--wait", "60", .. arguments]);
            var (handOff, state, code) = await EndAsync(result);
            HandOffs++;
            if (state == HandOffState.Acknowledged)
                return handOff;
            if (TimeProvider.System.GetElapsedTime(first) > Patience.Limit ||
                !await Client.HandOffs.IsPassingAsync(cluster, begun, state, code))
                throw new InvalidOperationException($"hand-off {handOff} is {state} {code}\n{result}");
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
