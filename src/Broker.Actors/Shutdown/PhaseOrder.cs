namespace Broker.Actors;

/// <summary>Puts phases into an order in which each comes after those that it names; of the free ones the one given first.</summary>
internal static class PhaseOrder
{
    /// <exception cref="ArgumentException">A name is there twice or unknown, a timeout is not more than zero, or the phases wait for each
    /// other in a circle.</exception>
    public static List<ShutdownPhase> Of(IEnumerable<ShutdownPhase> phases)
    {
        var left = phases.ToList();
        Check(left);
        var ordered = new List<ShutdownPhase>(left.Count);
        while (left.Count > 0)
        {
            var next = left.FirstOrDefault(phase => phase.After.All(before => ordered.Exists(done => done.Name == before)))
                ?? throw new ArgumentException(
                    $"the phases {string.Join(", ", left.Select(phase => phase.Name))} wait for each other", nameof(phases));
            ordered.Add(next);
            left.Remove(next);
        }
        return ordered;
    }

    private static void Check(List<ShutdownPhase> phases)
    {
        var names = new HashSet<string>();
        foreach (var phase in phases)
        {
            if (!names.Add(phase.Name))
                throw new ArgumentException($"there are two phases {phase.Name}", nameof(phases));
            if (phase.Timeout <= TimeSpan.Zero)
                throw new ArgumentException($"phase {phase.Name} needs a timeout of more than zero", nameof(phases));
        }
        foreach (var phase in phases)
        {
            if (phase.After.FirstOrDefault(before => !names.Contains(before)) is { } unknown)
                throw new ArgumentException($"phase {phase.Name} is to come after {unknown}, which is none of the phases", nameof(phases));
        }
    }
}
