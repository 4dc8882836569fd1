using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Broker.Links.Identity;
using Microsoft.Extensions.Logging;

namespace Broker.Links.Tls;

/// <summary>
/// Counts refused connections by listener and code, and logs them so that a flood cannot fill a disk: the first of a code, then at most
/// one line a minute that says how many more there were.
/// </summary>
public sealed partial class RefusedHandshakes
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly Meter Meter = new("Broker.Links");

    private static readonly Counter<long> Refused =
        Meter.CreateCounter<long>("broker.links.refused", "{connection}", "connections refused before or in the TLS handshake");

    private readonly ConcurrentDictionary<(string Listener, LinkRefusal Refusal), Tally> _tallies = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _time;

    /// <summary>Creates the counter of one process.</summary>
    public RefusedHandshakes(ILogger<RefusedHandshakes> logger, TimeProvider time)
    {
        _logger = logger;
        _time = time;
    }

    /// <summary>Connections that a listener refused for one reason since the process started.</summary>
    public long Count(string listener, LinkRefusal refusal) =>
        _tallies.TryGetValue((listener, refusal), out var tally) ? Interlocked.Read(ref tally.Total) : 0;

    internal void Add(string listener, LinkRefusal refusal, System.Net.EndPoint? remote)
    {
        Refused.Add(1, new KeyValuePair<string, object?>("listener", listener), new KeyValuePair<string, object?>("code", refusal.Code()));
        var tally = _tallies.GetOrAdd((listener, refusal), static _ => new Tally());
        Interlocked.Increment(ref tally.Total);
        long unreported;
        lock (tally)
        {
            tally.Unreported++;
            var now = _time.GetTimestamp();
            if (tally.Logged && _time.GetElapsedTime(tally.LoggedAt, now) < Window)
                return;
            tally.Logged = true;
            tally.LoggedAt = now;
            unreported = tally.Unreported;
            tally.Unreported = 0;
        }

        LogRefused(listener, refusal.Code(), remote?.ToString() ?? "unknown", unreported);
    }

    [LoggerMessage(
        1001, LogLevel.Warning, "listener {Listener} refused a connection: {Code}; last from {Remote}, {Count} since the last such line")]
    private partial void LogRefused(string listener, string code, string remote, long count);

    private sealed class Tally
    {
        public long Total;
        public long Unreported;
        public bool Logged;
        public long LoggedAt;
    }
}
