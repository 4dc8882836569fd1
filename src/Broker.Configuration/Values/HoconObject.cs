using System.Diagnostics.CodeAnalysis;

namespace Broker.Configuration;

/// <summary>A field of an object.</summary>
/// <param name="Key">The key, one element of a path, quotes and escapes removed.</param>
/// <param name="KeyOrigin">Where the key was last set.</param>
/// <param name="Value">The value.</param>
public sealed record HoconField(string Key, HoconOrigin KeyOrigin, HoconValue Value);

/// <summary>Fields by key. Keys are compared exactly; the order is that of first appearance.</summary>
public sealed class HoconObject : HoconValue
{
    private readonly OrderedDictionary<string, HoconField> _fields;

    internal HoconObject(HoconOrigin origin, OrderedDictionary<string, HoconField> fields)
        : base(origin)
    {
        _fields = fields;
        Weight = 1 + fields.Values.Sum(field => field.Value.Weight);
        Depth = 1 + (fields.Count == 0 ? 0 : fields.Values.Max(field => field.Value.Depth));
    }

    /// <summary>The fields in the order in which their keys first appeared.</summary>
    public IReadOnlyList<HoconField> Fields => _fields.Values;

    internal override long Weight { get; }

    internal override int Depth { get; }

    /// <summary>Looks up one field.</summary>
    /// <param name="key">One key, not a path.</param>
    /// <param name="field">The field, or null where there is none.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGet(string key, [NotNullWhen(true)] out HoconField? field) => _fields.TryGetValue(key, out field);

    internal override string Describe() => "an object";

    /// <summary>This object with the fields of <paramref name="over"/> laid over it; objects in both are merged.</summary>
    internal HoconObject Merge(HoconObject over)
    {
        var merged = new OrderedDictionary<string, HoconField>(_fields);
        foreach (var field in over.Fields)
        {
            var value = field.Value is HoconObject upper && TryGet(field.Key, out var below) && below.Value is HoconObject lower
                ? lower.Merge(upper)
                : field.Value;
            merged[field.Key] = field with { Value = value };
        }
        return new HoconObject(over.Origin, merged);
    }
}
