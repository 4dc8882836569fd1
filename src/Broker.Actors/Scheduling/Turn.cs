namespace Broker.Actors;

/// <summary>Which actor this thread works for now: the sender in dead letters, and what refuses a wait that could never end.</summary>
internal static class Turn
{
    [ThreadStatic]
    private static Cell? _current;

    public static Cell? Current
    {
        get => _current;
        set => _current = value;
    }
}
