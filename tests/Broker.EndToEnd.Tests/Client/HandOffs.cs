using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>Launches by the API, and their ends.</summary>
internal static class HandOffs
{
    private const int LongPoll = 20;
    private const string LinkLost = "link lost";

    private static readonly TimeSpan LogPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Launches one credential for one use and waits until the hand-off has ended; once more where it ended as
    /// <see cref="IsPassingAsync"/> says.
    /// </summary>
    public static async Task<HandOffModel> LaunchAsync(Cluster cluster, TestUser user, string use, string credential)
    {
        var (api, first) = (cluster.Api, TimeProvider.System.GetTimestamp());
        while (true)
        {
            var begun = cluster.Agent.Log.Length;
            var call = user.Launch(api, "web-1", (use, credential));
            // The state is of the hand-off alone: its use may go on.
            var model = await Eventually.GetAsync($"hand-off {call.HandOff} ends", async () =>
                (await Eventually.DecidedAsync(() => api.SendAsync(call, ApiJson.Default.HandOffModel, LongPoll))).Ok is var now &&
                HandOffState.EndsHandOff(now.State) ? now : null);
            if (TimeProvider.System.GetElapsedTime(first) > Patience.Limit ||
                !await IsPassingAsync(cluster, begun, model.State, model.Code))
                return model;
        }
    }

    /// <summary>
    /// Whether a hand-off ended for what passes, as on a machine that stands still: it was not sent, or the agent's link was lost. Then it
    /// waits for the agent's next session, where the agent knows already that it needs one.
    /// </summary>
    /// <param name="cluster">The broker.</param>
    /// <param name="begun">The length of the agent's log when the hand-off was launched.</param>
    /// <param name="state">How it ended.</param>
    /// <param name="code">Why.</param>
    public static async Task<bool> IsPassingAsync(Cluster cluster, int begun, string state, string code)
    {
        var isPassing = state switch
        {
            HandOffState.NotSent => code is "agent-not-connected" or "link-lost" or "barred" or "busy" or "head-unknown",
            HandOffState.Unconfirmed when code is "link-lost" or "timed-out" => await IsLinkLostAsync(cluster, begun),
            _ => false,
        };
        if (isPassing)
        {
            await Task.Delay(Pause, TimeProvider.System);
            await cluster.SessionAsync(Math.Max(0, cluster.Agent.Log.LastIndexOf(LinkLost, StringComparison.Ordinal)));
        }

        return isPassing;
    }

    // As the agent tells itself, which may be after the node knows.
    private static async Task<bool> IsLinkLostAsync(Cluster cluster, int begun)
    {
        for (var looked = TimeProvider.System.GetTimestamp(); ; await Task.Delay(Pause, TimeProvider.System))
        {
            var log = cluster.Agent.Log;
            var lost = log.LastIndexOf(LinkLost, StringComparison.Ordinal);
            if (lost >= begun || (lost >= 0 && log[lost..begun].IndexOf("session is live", StringComparison.Ordinal) < 0))
                return true;
            if (TimeProvider.System.GetElapsedTime(looked) > LogPatience)
                return false;
        }
    }

    /// <summary>Waits until the hand-off has ended and, where it was acknowledged, its use too.</summary>
    public static async Task<HandOffModel> EndedAsync(Cluster cluster, TestUser user, string id)
    {
        Answer<HandOffModel>? last = null;
        try
        {
            return await Eventually.GetAsync($"hand-off {id} ends", async () =>
            {
                last = await cluster.Api.HandOffAsync(id);
                if (last.Code == "token-needed")
                    await cluster.Api.LoginAsync(user);
                return last.Value is { } model && IsDefinite(model) ? model : null;
            });
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; it is {last?.Value?.State} {last?.Value?.UseState} {last?.Code}", late);
        }
    }

    /// <summary>Whether nothing more can happen to it.</summary>
    public static bool IsDefinite(HandOffModel model) =>
        HandOffState.EndsHandOff(model.State) && (model.State != HandOffState.Acknowledged || HandOffState.EndsUse(model.UseState));
}
