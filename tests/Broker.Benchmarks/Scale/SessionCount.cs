using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Broker.Benchmarks.Scale;

/// <summary>How many agents have a session, by what each logs; and why sessions were lost.</summary>
internal sealed class SessionCount
{
    // Of Broker.Agent's log.
    private const int LinkLost = 2;
    private const int SessionLive = 3;

    private readonly ConcurrentDictionary<string, int> _losses = new();
    private int _live;

    public int Live => Volatile.Read(ref _live);

    public string Losses => _losses.IsEmpty ? "none" : string.Join(", ", _losses.OrderByDescending(static l => l.Value).Take(3)
        .Select(static l => $"{l.Value} x {l.Key}"));

    /// <summary>The log of one agent, which writes from one turn at a time.</summary>
    public ILogger OfOne() => new Log(this);

    private sealed class Log(SessionCount count) : ILogger
    {
        private bool _isLive;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        void ILogger.Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == SessionLive && !_isLive)
            {
                _isLive = true;
                Interlocked.Increment(ref count._live);
            }
            else if (eventId.Id == LinkLost)
            {
                if (_isLive)
                    Interlocked.Decrement(ref count._live);
                _isLive = false;
                count._losses.AddOrUpdate(
                    (state as IReadOnlyList<KeyValuePair<string, object?>>)?[0].Value?.ToString() ?? "", 1, static (_, n) => n + 1);
            }
        }
    }
}
