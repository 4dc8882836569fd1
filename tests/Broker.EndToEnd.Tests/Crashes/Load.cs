using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.Protocol.Api;

namespace Broker.EndToEnd.Tests.Crashes;

/// <summary>Workers that put and launch until they are told to stop, whatever happens to the processes behind the gateway.</summary>
internal sealed class Load(Cluster cluster, TestUser user, LoadRecord record, string prefix)
{
    private int _next;

    /// <summary>Runs some workers until cancelled; errors of the link are what this is for.</summary>
    public Task RunAsync(int workers, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(stop), CancellationToken.None)));

    private async Task WorkAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var name = $"{prefix}-{Interlocked.Increment(ref _next)}";
            var content = Canary.Make();
            var item = new LoadItem(
                name, content, await user.PutAsync(cluster.Api, name, content, "web"), user.Launch(cluster.Api, "web-1", ("record", name)));
            record.Items.Enqueue(item);
            if (await PutAsync(item))
                await LaunchAsync(item);
            await PauseAsync(stop);
        }
    }

    private async Task<bool> PutAsync(LoadItem item)
    {
        try
        {
            item.IsPut = (await cluster.Api.SendAsync(item.Put, ApiJson.Default.ChangedModel)).Value is not null;
        }
        catch (Exception problem) when (IsLost(problem))
        {
            // Not known; it is asked again when everything runs.
        }

        return item.IsPut;
    }

    private async Task LaunchAsync(LoadItem item)
    {
        try
        {
            item.IsAccepted = (await cluster.Api.SendAsync(item.Launch, ApiJson.Default.HandOffModel, 1)).Value is not null;
        }
        catch (Exception problem) when (IsLost(problem))
        {
            // Not known; the hand-off's id is.
        }
    }

    /// <summary>Whether an exception says that the answer did not come.</summary>
    public static bool IsLost(Exception problem) => problem is HttpRequestException or OperationCanceledException or IOException;

    // A gateway that is down refuses at once: the load shall not spin on it. And what is begun has to be checked, one by one, at the end.
    private static async Task PauseAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, stop);
        }
        catch (OperationCanceledException)
        {
            // The worker looks at the token itself.
        }
    }
}
