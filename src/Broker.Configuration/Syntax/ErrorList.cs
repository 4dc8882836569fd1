namespace Broker.Configuration.Syntax;

/// <summary>Gathers errors; past the bound it stops the reading.</summary>
internal sealed class ErrorList(int limit)
{
    private readonly List<HoconError> _errors = [];

    public void Add(HoconOrigin origin, string message)
    {
        _errors.Add(new HoconError(origin, message));
        if (_errors.Count >= limit)
            throw new HoconException(_errors);
    }

    /// <summary>Adds an error after which going on would cost too much.</summary>
    public HoconException Stop(HoconOrigin origin, string message)
    {
        _errors.Add(new HoconError(origin, message));
        return new HoconException(_errors);
    }

    public void ThrowIfAny()
    {
        if (_errors.Count > 0)
            throw new HoconException(_errors);
    }
}
