using System.Globalization;

namespace Broker.Simulation.Tests;

/// <summary>What many schedules consisted of and reached.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly List<int> _turns = [];

    public long Schedules => _turns.Count;

    public void Add(Schedule schedule, bool real, Reached reached)
    {
        _turns.Add(reached.Turns);
        Count("on the real cryptography", real ? 1 : 0);
        Count("changes committed", reached.Changes);
        Count("claims", reached.Claims);
        Count("locks raised", (long)reached.Locks);
        Count("locks lifted", (long)reached.Lifts);
        Count("intents", reached.Intents);
        Count("envelopes sealed", reached.Sealed);
        Count("envelopes opened", reached.Opened);
        Count("attempts barred", reached.Barred);
        Count("schedules with a hand-off opened", reached.Opened > 0 ? 1 : 0);
        Count("schedules without a fault", schedule.Steps.Any(static s => s.IsFault) ? 0 : 1);
        foreach (var step in schedule.Steps)
        {
            Count((step.IsFault ? "fault " : "step ") + step.Kind, 1);
        }

        Count("schedules with peers", schedule.HasPeers ? 1 : 0);
        foreach (var (what, count) in reached.Counts)
        {
            Count(what, count);
        }

        foreach (var end in reached.Ends)
        {
            Count("ended " + end, 1);
        }
    }

    public void Join(Tally other)
    {
        _turns.AddRange(other._turns);
        foreach (var (what, count) in other._counts)
        {
            Count(what, count);
        }
    }

    public override string ToString()
    {
        _turns.Sort();
        var (few, half, many) = (_turns.Count / 10, _turns.Count / 2, _turns.Count * 9 / 10);
        var turns = _turns.Count == 0 ? "none" : string.Create(
            CultureInfo.InvariantCulture,
            $"{_turns[few]} at the 10th percentile, {_turns[half]} at the median, {_turns[many]} at the 90th, {_turns[^1]} at most");
        return string.Create(CultureInfo.InvariantCulture, $"{Schedules} schedules; turns of one: {turns}\n") +
            string.Join('\n', _counts.Select(static c => string.Create(CultureInfo.InvariantCulture, $"  {c.Value,9} {c.Key}")));
    }

    private void Count(string what, long count) => _counts[what] = _counts.GetValueOrDefault(what) + count;
}
