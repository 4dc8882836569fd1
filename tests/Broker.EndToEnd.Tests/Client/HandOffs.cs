using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>Launches by the API, and their ends.</summary>
internal static class HandOffs
{
    private const int LongPoll = 20;

    /// <summary>Launches one credential for one use and waits until the hand-off has ended.</summary>
    public static Task<HandOffModel> LaunchAsync(Cluster cluster, TestUser user, string use, string credential) =>
        LaunchAsync(cluster.Api, user, "web-1", use, credential);

    /// <summary>The same at any gateway, for any agent.</summary>
    public static async Task<HandOffModel> LaunchAsync(ApiClient api, TestUser user, string agent, string use, string credential) =>
        (await api.SendAsync(user.Launch(api, agent, (use, credential)), ApiJson.Default.HandOffModel, LongPoll)).Ok;

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
