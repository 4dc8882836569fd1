using System.Collections.Concurrent;

namespace Broker.Host.Health;

/// <summary>One thing that readiness depends on.</summary>
/// <param name="Name">For instance <c>zone</c>, <c>store</c>.</param>
/// <param name="IsGood">Whether the node can do its work as far as this goes.</param>
/// <param name="Detail">For people: what is not good. Without secrets and addresses of customers.</param>
/// <param name="IsAdvisory">Whether it is only shown: the node is ready without it.</param>
public sealed record HealthCondition(string Name, bool IsGood, string Detail, bool IsAdvisory = false);

/// <summary>
/// Whether the node is live and ready. Live: the process answers. Ready: it has started, is not stopping, and every condition that its
/// parts reported is good. Thread-safe.
/// </summary>
public sealed class NodeHealth
{
    private readonly ConcurrentDictionary<string, HealthCondition> _conditions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Func<long>> _gauges = new(StringComparer.Ordinal);
    private volatile bool _started;
    private volatile bool _stopping;

    /// <summary>Whether work may be sent here.</summary>
    public bool IsReady => _started && !_stopping && _conditions.Values.All(static c => c.IsGood || c.IsAdvisory);

    /// <summary>Starting, ready, not ready, or stopping.</summary>
    public string Status => this switch
    {
        { _stopping: true } => "stopping",
        { _started: false } => "starting",
        { IsReady: true } => "ready",
        _ => "not-ready",
    };

    /// <summary>What was reported, by name.</summary>
    public IReadOnlyList<HealthCondition> Conditions => [.. _conditions.Values.OrderBy(static c => c.Name, StringComparer.Ordinal)];

    /// <summary>Reports a condition, in place of what was reported of that name.</summary>
    public void Report(string name, bool isGood, string detail = "") => _conditions[name] = new HealthCondition(name, isGood, detail);

    /// <summary>As <see cref="Report"/>, of what the node can do without: shown, but it does not count for readiness.</summary>
    public void Advise(string name, bool isGood, string detail = "") =>
        _conditions[name] = new HealthCondition(name, isGood, detail, IsAdvisory: true);

    /// <summary>Numbers that operators watch, as they are now, by name. Nothing is decided by them.</summary>
    public IReadOnlyDictionary<string, long> Gauges =>
        _gauges.OrderBy(static g => g.Key, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Value());

    /// <summary>Adds a gauge.</summary>
    /// <param name="name">For instance <c>secret-bytes</c>.</param>
    /// <param name="read">Reads it, from any thread, without waiting.</param>
    public void Measure(string name, Func<long> read) => _gauges[name] = read;

    internal void Started() => _started = true;

    internal void Stopping() => _stopping = true;
}
