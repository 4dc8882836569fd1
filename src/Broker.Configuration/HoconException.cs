namespace Broker.Configuration;

/// <summary>A configuration cannot be used. Lists every problem that was found, not only the first.</summary>
public sealed class HoconException : Exception
{
    /// <summary>Makes the exception from what was found.</summary>
    /// <param name="errors">At least one error; they are kept sorted by file, line and column.</param>
    public HoconException(IEnumerable<HoconError> errors)
        : this(Sort(errors))
    {
    }

    private HoconException(HoconError[] sorted)
        : base(string.Join('\n', sorted.Select(error => error.ToString()))) => Errors = sorted;

    /// <summary>Every problem, sorted by file, line and column. <see cref="Exception.Message"/> has one a line.</summary>
    public IReadOnlyList<HoconError> Errors { get; }

    private static HoconError[] Sort(IEnumerable<HoconError> errors)
    {
        var sorted = errors.ToList();
        sorted.Sort((left, right) =>
        {
            var byOrigin = HoconOrigin.Compare(left.Origin, right.Origin);
            return byOrigin != 0 ? byOrigin : string.CompareOrdinal(left.Path, right.Path);
        });
        return [.. sorted.Distinct()];
    }
}
