using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;

namespace Broker.EndToEnd.Tests.Crashes;

/// <summary>Workers that put and launch until they are told to stop, whatever happens to the processes behind the gateway.</summary>
internal sealed class Load(Cluster cluster, TestUser user, LoadRecord record, string prefix)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(400);

    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;
    private int _acknowledged;

    /// <summary>Hand-offs that were acknowledged, as the launch's own answer said.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Waits until one is.</summary>
    public Task AcknowledgedAsync() => _first.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);

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
            await PauseAsync(await PutAsync(item) && await LaunchAsync(item) ? Pause : LongPause, stop);
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

    private async Task<bool> LaunchAsync(LoadItem item)
    {
        try
        {
            var answer = (await cluster.Api.SendAsync(item.Launch, ApiJson.Default.HandOffModel, 1)).Value;
            item.IsAccepted = answer is not null;
            if (answer?.State != HandOffState.Acknowledged)
                return false;
            Interlocked.Increment(ref _acknowledged);
            _first.TrySetResult();
            return true;
        }
        catch (Exception problem) when (IsLost(problem))
        {
            // Not known; the hand-off's id is.
            return false;
        }
    }

    /// <summary>Whether an exception says that the answer did not come.</summary>
    public static bool IsLost(Exception problem) => problem is HttpRequestException or OperationCanceledException or IOException;

    // What is down refuses at once: the load shall not spin on it. And what is begun has to be checked, one by one, at the end.
    private static async Task PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        try
        {
            await Task.Delay(pause, TimeProvider.System, stop);
        }
        catch (OperationCanceledException)
        {
            // The worker looks at the token itself.
        }
    }
}
