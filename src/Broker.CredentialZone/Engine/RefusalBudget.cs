namespace Broker.CredentialZone.Engine;

/// <summary>
/// Counts refusals for each principal and minute: within the budget each is recorded, beyond it they are only counted. The
/// number of principals is bounded; beyond that they share one count.
/// </summary>
internal sealed class RefusalBudget
{
    private const int MaxPrincipals = 4096;
    private const string Others = "others";

    private readonly Dictionary<(string Chain, string Principal), Count> _counts = [];
    private readonly Dictionary<(string Chain, string Principal), Count?> _before = [];

    /// <summary>The chains for which something is counted.</summary>
    public IEnumerable<string> Chains => _counts.Keys.Select(static k => k.Chain);

    /// <summary>Begins a batch.</summary>
    public void BeginBatch() => _before.Clear();

    /// <summary>Takes back what was counted and taken since the batch began: nothing of it was kept.</summary>
    public void TakeBack()
    {
        foreach (var (key, count) in _before)
        {
            if (count is { } known)
            {
                _counts[key] = known;
            }
            else
            {
                _counts.Remove(key);
            }
        }

        _before.Clear();
    }

    /// <summary>Takes one refusal into account.</summary>
    /// <returns>The principal to record it under, or null when it is only counted.</returns>
    public string? Take(string chain, string principal, long minute, uint budget)
    {
        if (!_counts.ContainsKey((chain, principal)) && _counts.Count >= MaxPrincipals)
        {
            principal = Others;
        }

        Note((chain, principal));
        _counts.TryGetValue((chain, principal), out var count);
        if (count.Minute != minute)
        {
            count = count with { Minute = minute, Recorded = 0 };
        }

        var record = count.Recorded < budget;
        _counts[(chain, principal)] = record
            ? count with { Recorded = count.Recorded + 1 }
            : count with { More = count.More == uint.MaxValue ? count.More : count.More + 1 };
        return record ? principal : null;
    }

    /// <summary>Takes out the counts of past minutes.</summary>
    /// <returns>Chain, principal and how many more there were.</returns>
    public IReadOnlyList<(string Chain, string Principal, uint More)> TakePast(long minute)
    {
        var past = new List<(string, string, uint)>();
        foreach (var (key, count) in _counts)
        {
            if (count.Minute < minute)
            {
                Note(key);
                _counts.Remove(key);
                if (count.More > 0)
                {
                    past.Add((key.Chain, key.Principal, count.More));
                }
            }
        }

        return past;
    }

    private void Note((string Chain, string Principal) key) =>
        _before.TryAdd(key, _counts.TryGetValue(key, out var count) ? count : null);

    private readonly record struct Count(long Minute, uint Recorded, uint More);
}
