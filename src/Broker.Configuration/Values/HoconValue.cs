namespace Broker.Configuration;

/// <summary>
/// A value of a resolved document: <see cref="HoconObject"/>, <see cref="HoconArray"/> or <see cref="HoconScalar"/>. Immutable.
/// </summary>
public abstract class HoconValue
{
    private protected HoconValue(HoconOrigin origin) => Origin = origin;

    /// <summary>
    /// Where the value was written; for a merged object, where it was last added to; for one from the environment, where it was
    /// asked for.
    /// </summary>
    public HoconOrigin Origin { get; }

    /// <summary>Values in this one with itself, each occurrence of a shared one counted.</summary>
    internal abstract long Weight { get; }

    /// <summary>Levels of objects and arrays, 0 for a scalar.</summary>
    internal abstract int Depth { get; }

    /// <summary>What the value is, as errors call it: <c>an object</c>, <c>a list</c>, <c>text</c>…</summary>
    internal abstract string Describe();
}
