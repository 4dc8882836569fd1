using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Crashes;

/// <summary>Workers that put and launch until they are told to stop, whatever happens to the processes behind the gateway.</summary>
/// <param name="gateways">Where the workers send, in turn.</param>
/// <param name="agents">For whom they launch, in turn.</param>
/// <param name="user">Who asks.</param>
/// <param name="record">Gets everything that is begun.</param>
/// <param name="prefix">Begins the names of the credentials.</param>
internal sealed class Load(
    IReadOnlyList<ApiClient> gateways, IReadOnlyList<string> agents, TestUser user, LoadRecord record, string prefix)
{
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(400);

    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;
    private int _turn;
    private long _last = TimeProvider.System.GetTimestamp();
    private long _longest;
    private int _acknowledged;
    private volatile string _lastRefusal = "";

    /// <summary>Of a worker after what went well.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Hand-offs that were acknowledged, as the launch's own answer said.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Why something was not done or acknowledged, the last time that it was not.</summary>
    public string LastRefusal => _lastRefusal;

    /// <summary>The longest time between two of them.</summary>
    public TimeSpan LongestGap => TimeSpan.FromTicks(Interlocked.Read(ref _longest));

    /// <summary>Measures it from now on.</summary>
    public void ResetGap()
    {
        Interlocked.Exchange(ref _last, TimeProvider.System.GetTimestamp());
        Interlocked.Exchange(ref _longest, 0);
    }

    /// <summary>Waits until one is.</summary>
    public Task AcknowledgedAsync() => _first.Task.WaitAsync(Patience.Limit, TimeProvider.System);

    /// <summary>Waits until some more are.</summary>
    public async Task MoreAsync(int count = 5)
    {
        var until = Acknowledged + count;
        await Eventually.TrueAsync($"{count} more hand-offs are acknowledged", () => Acknowledged >= until);
    }

    /// <summary>Runs some workers until cancelled; errors of the link are what this is for.</summary>
    public Task RunAsync(int workers, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(stop), CancellationToken.None)));

    private async Task WorkAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _next);
            var name = $"{prefix}-{number}";
            var (api, agent, content) = (gateways[0], agents[number % agents.Count], Canary.Make());
            var item = new LoadItem(
                name, agent, content, await user.PutAsync(api, name, content, "web"), user.Launch(api, agent, ("record", name)));
            record.Items.Enqueue(item);
            await PauseAsync(await PutAsync(item) && await LaunchAsync(item) ? Pause : LongPause, stop);
        }
    }

    private async Task<bool> PutAsync(LoadItem item)
    {
        try
        {
            var answer = await Gateway().SendAsync(item.Put, ApiJson.Default.ChangedModel);
            item.IsPut = answer.Value is not null;
            if (!item.IsPut)
                _lastRefusal = $"the last put was refused as {answer.Code}";
        }
        catch (Exception problem) when (IsLost(problem))
        {
            // Not known; it is asked again when everything runs.
            _lastRefusal = $"the last put had no answer: {problem.Message}";
        }

        return item.IsPut;
    }

    private async Task<bool> LaunchAsync(LoadItem item)
    {
        try
        {
            var answer = await Gateway().SendAsync(item.Launch, ApiJson.Default.HandOffModel, 1);
            item.IsAccepted = answer.Value is not null;
            if (answer.Value?.State != HandOffState.Acknowledged)
            {
                _lastRefusal = $"the last launch is {answer.Value?.State} {answer.Value?.Code ?? answer.Code}";
                return false;
            }

            Interlocked.Increment(ref _acknowledged);
            Measure();
            _first.TrySetResult();
            return true;
        }
        catch (Exception problem) when (IsLost(problem))
        {
            // Not known; the hand-off's id is.
            _lastRefusal = $"the last launch had no answer: {problem.Message}";
            return false;
        }
    }

    private ApiClient Gateway() => gateways[(Interlocked.Increment(ref _turn) & int.MaxValue) % gateways.Count];

    private void Measure()
    {
        var now = TimeProvider.System.GetTimestamp();
        var gap = TimeProvider.System.GetElapsedTime(Interlocked.Exchange(ref _last, now), now).Ticks;
        for (var longest = Interlocked.Read(ref _longest); gap > longest; longest = Interlocked.Read(ref _longest))
        {
            if (Interlocked.CompareExchange(ref _longest, gap, longest) == longest)
                break;
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
