using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Writing;
using Broker.Host.Health;
using Microsoft.Extensions.Logging;

namespace Broker.CredentialZone.Node;

/// <summary>
/// Whether the database takes writes, looked at each second: it is reached and is no copy that can only be read, what every change goes
/// through stands, and there is space. The condition <c>store</c> of the node's health; while it is not good, DMZ nodes go to another.
/// Twice in a row it has to fail, and once to succeed.
/// </summary>
internal sealed partial class StoreWatch : IAsyncDisposable
{
    private const string Condition = "store";
    private const int MostMissed = 2;

    // Space is used for a moment to see that there is some: not each time, unless there was none.
    private const int SpaceEvery = 10;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly IZoneDatabase _database;
    private readonly ZoneWriter _writer;
    private readonly NodeHealth _health;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _looking;
    private Task? _probing;
    private Task? _touching;
    private volatile bool _isUsable = true;
    private int _disposed;

    /// <summary>Begins to look. The store was opened a moment ago, so it is usable until a look says otherwise.</summary>
    /// <param name="database">Is looked at beside the writer.</param>
    /// <param name="writer">Is gone through.</param>
    /// <param name="health">Hears of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Hears when it turns.</param>
    public StoreWatch(IZoneDatabase database, ZoneWriter writer, NodeHealth health, TimeProvider time, ILogger log)
    {
        (_database, _writer, _health, _time, _log) = (database, writer, health, time, log);
        health.Report(Condition, isGood: true);
        _looking = Task.Run(LookOn);
    }

    /// <summary>Whether the database took writes when it was looked at last.</summary>
    public bool IsUsable => _isUsable;

    /// <summary>Looks no more. What hangs in the database is left to it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _looking;
        _stopping.Dispose();
    }

    private async Task LookOn()
    {
        try
        {
            for (var (looks, missed) = (0, 0); ; looks++)
            {
                var problem = await Look(withSpace: missed > 0 || looks % SpaceEvery == 0);
                missed = problem is null ? 0 : missed + 1;
                Note(problem, missed);
                await Task.Delay(missed == 0 ? Every : Again, _time, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end of the loop.
        }
    }

    private async Task<Exception?> Look(bool withSpace)
    {
        try
        {
            // One at a time, however long it hangs.
            await Ended(_probing ??= Task.Run(() => _database.Probe(withSpace)));
            _probing = null;
            await Ended(_touching ??= Touch());
            _touching = null;
            return null;
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !_stopping.IsCancellationRequested)
        {
            // Whatever it is: who looks no more takes the last answer for the present one. What has not ended yet is waited for again.
            _probing = _probing is { IsCompleted: false } ? _probing : null;
            _touching = _touching is { IsCompleted: false } ? _touching : null;
            return fault;
        }
    }

    private Task Ended(Task task) => task.WaitAsync(Limit, _time, _stopping.Token);

    private async Task Touch()
    {
        if (await _writer.Commit(new TouchStore()) is StoreResult<bool>.Refused { Refusal: { Code: RefusalCode.StoreFull } full })
        {
            throw new StoreFullException(full.Detail);
        }
    }

    private void Note(Exception? problem, int missed)
    {
        if (problem is null && !_isUsable)
        {
            LogUsable();
        }
        else if (problem is not null && missed == MostMissed)
        {
            LogUnusable(problem.Message);
        }

        if (problem is not null && missed < MostMissed)
        {
            return;
        }

        _isUsable = problem is null;
        _health.Report(Condition, _isUsable, problem switch
        {
            null => "",
            StoreFullException => "the database has no space left",
            _ => "the database takes no writes; the zone's log says why",
        });
    }

    [LoggerMessage(2120, LogLevel.Warning, "the database takes no writes, so this node is not ready: {Reason}")]
    private partial void LogUnusable(string reason);

    [LoggerMessage(2121, LogLevel.Information, "the database takes writes again")]
    private partial void LogUsable();
}
