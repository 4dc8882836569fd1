using System.Globalization;
using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Wire;
using Microsoft.Extensions.Logging;

namespace Broker.Cluster;

/// <summary>
/// What etcd itself says is wrong with it: alarms that stand until an operator takes them back. They are asked for at a slow pace, and
/// each is logged when it comes and when it goes. Whether etcd answers at all is the membership's to say, so a look that fails changes
/// nothing.
/// </summary>
internal sealed partial class EtcdAlarms(EtcdClient client, TimeSpan every, TimeProvider time, ILogger logger)
{
    // A member has at most one alarm of a kind; whoever answers in etcd's place does not fill this node's log.
    private const int Most = 32;

    private readonly Alarm _pace = new(time);
    private IReadOnlyList<string> _standing = [];
    private long _looks;

    /// <summary>The alarms of the last look, each with what to do.</summary>
    public IReadOnlyList<string> Standing => Volatile.Read(ref _standing);

    /// <summary>How often etcd was asked, whether it answered or not: for tests that wait for the next time.</summary>
    internal long Looks => Interlocked.Read(ref _looks);

    /// <summary>Looks now, instead of when it is time.</summary>
    internal void LookNow() => _pace.Ring();

    /// <summary>Looks until it is told to stop.</summary>
    public async Task LookOnAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await LookAsync(stopping).ConfigureAwait(false);
                await _pace.WaitAsync(every, stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end of the loop.
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        try
        {
            var reply = await client.CallAsync(
                EtcdMethods.Alarm, new AlarmRequest { Action = AlarmRequest.Types.Action.Get }, stopping).ConfigureAwait(false);
            var raised = reply.Alarms.Where(static a => a.Alarm != AlarmType.None).Select(Text);
            Take([.. raised.Distinct().Order(StringComparer.Ordinal).Take(Most)]);
        }
        catch (EtcdException)
        {
            // Not reached, or this node's account may not ask: what stood stands.
        }

        Interlocked.Increment(ref _looks);
    }

    private void Take(IReadOnlyList<string> alarms)
    {
        var before = Standing;
        Volatile.Write(ref _standing, alarms);
        foreach (var raised in alarms.Except(before))
            LogRaised(logger, raised);
        foreach (var gone in before.Except(alarms))
            LogGone(logger, gone);
    }

    private static string Text(AlarmMember alarm)
    {
        var member = string.Create(CultureInfo.InvariantCulture, $"{alarm.MemberId:x}");
        return alarm.Alarm switch
        {
            AlarmType.Nospace =>
                $"NOSPACE at member {member}: its quota is used up, no node can join; compact and defragment etcd, then disarm it",
            AlarmType.Corrupt =>
                $"CORRUPT at member {member}: its data differs from the others'; remove the member and add it anew, then disarm it",
            var other => string.Create(CultureInfo.InvariantCulture, $"alarm {(int)other} at member {member}; see etcd's documentation"),
        };
    }

    [LoggerMessage(1206, LogLevel.Error, "etcd has raised an alarm: {Alarm}")]
    private static partial void LogRaised(ILogger logger, string alarm);

    [LoggerMessage(1207, LogLevel.Information, "an alarm of etcd is gone: {Alarm}")]
    private static partial void LogGone(ILogger logger, string alarm);
}
