using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>Runs <c>broker-agent enrol</c> to its end, and again with the same token where nothing came of it for the moment.</summary>
internal static class AgentEnrolment
{
    // The broker was not reached, or could not do it then; a token whose answer was lost is refused where it was used up.
    private static readonly string[] Passing = ["not-connected", "zone-unavailable", "busy", "timed-out", "outcome-unknown", "reply-lost"];

    /// <summary>Enrols.</summary>
    /// <param name="agent">The agent's name.</param>
    /// <param name="start">Starts it.</param>
    public static async Task RunAsync(string agent, Func<BrokerProcess> start)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await using var enrol = start();
            _ = await enrol.ExitAsync();
            if (enrol.Log.Contains("enrolled as agent " + agent, StringComparison.Ordinal))
                return;
            if (!Passing.Any(code => enrol.Log.Contains(code + ": ", StringComparison.Ordinal)) ||
                TimeProvider.System.GetElapsedTime(begun) > Patience.Limit)
                throw new InvalidOperationException($"agent enrol ended before it logged 'enrolled as agent {agent}':\n{enrol.Log}");
        }
    }
}
