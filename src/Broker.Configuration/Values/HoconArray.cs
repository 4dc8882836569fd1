namespace Broker.Configuration;

/// <summary>A list of values.</summary>
public sealed class HoconArray : HoconValue
{
    internal HoconArray(HoconOrigin origin, IReadOnlyList<HoconValue> items)
        : base(origin)
    {
        Items = items;
        Weight = 1 + items.Sum(item => item.Weight);
        Depth = 1 + (items.Count == 0 ? 0 : items.Max(item => item.Depth));
    }

    /// <summary>The elements in order.</summary>
    public IReadOnlyList<HoconValue> Items { get; }

    internal override long Weight { get; }

    internal override int Depth { get; }

    internal override string Describe() => "a list";
}
