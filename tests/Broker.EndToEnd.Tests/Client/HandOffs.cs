using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>Launches by the API, and their ends.</summary>
internal static class HandOffs
{
    private const int LongPoll = 20;
    private const string LinkLost = "link lost";

    /// <summary>
    /// Launches one credential for one use and waits until the hand-off has ended; once more where the agent's link was lost meanwhile, as
    /// on a machine that stands still.
    /// </summary>
    public static async Task<HandOffModel> LaunchAsync(Cluster cluster, TestUser user, string use, string credential)
    {
        var api = cluster.Api;
        while (true)
        {
            var begun = cluster.Agent.Log.Length;
            var call = user.Launch(api, "web-1", (use, credential));
            // The state is of the hand-off alone: its use may go on.
            var model = await Eventually.GetAsync($"hand-off {call.HandOff} ends", async () =>
                (await Eventually.DecidedAsync(() => api.SendAsync(call, ApiJson.Default.HandOffModel, LongPoll))).Ok is var now &&
                HandOffState.EndsHandOff(now.State) ? now : null);
            if (!IsLinkLost(cluster.Agent.Log, begun, model.State, model.Code))
                return model;
            await cluster.SessionAsync(cluster.Agent.Log.LastIndexOf(LinkLost, StringComparison.Ordinal));
        }
    }

    /// <summary>Whether a hand-off ended so because the agent's link was gone, as the agent tells itself.</summary>
    /// <param name="log">The agent's.</param>
    /// <param name="begun">Its length when the hand-off was launched.</param>
    /// <param name="state">How it ended.</param>
    /// <param name="code">Why.</param>
    public static bool IsLinkLost(string log, int begun, string state, string code)
    {
        if (state is not (HandOffState.NotSent or HandOffState.Unconfirmed) ||
            code is not ("agent-not-connected" or "link-lost" or "timed-out" or "barred"))
            return false;
        var lost = log.LastIndexOf(LinkLost, StringComparison.Ordinal);
        return lost >= begun || (lost >= 0 && log[lost..begun].IndexOf("session is live", StringComparison.Ordinal) < 0);
    }

    /// <summary>Waits until the hand-off has ended and, where it was acknowledged, its use too.</summary>
    public static Task<HandOffModel> EndedAsync(Cluster cluster, string id) => EndedAsync(cluster.Api, id);

    /// <summary>The same at any gateway.</summary>
    public static async Task<HandOffModel> EndedAsync(ApiClient api, string id)
    {
        Answer<HandOffModel>? last = null;
        try
        {
            return await Eventually.GetAsync($"hand-off {id} ends", async () =>
                (last = await api.HandOffAsync(id)).Value is { } model && IsDefinite(model) ? model : null);
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
