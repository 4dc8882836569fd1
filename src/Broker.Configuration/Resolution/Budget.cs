using Broker.Configuration.Syntax;

namespace Broker.Configuration.Resolution;

/// <summary>What resolving a document may cost. Spending more stops it, since going on would only cost more.</summary>
internal sealed class Budget(HoconLimits limits, ErrorList errors)
{
    private long _spent;

    public void Spend(long steps, HoconOrigin origin)
    {
        _spent += steps;
        if (_spent > limits.Steps)
            throw Stop(origin, $"resolving the substitutions takes more than {limits.Steps} steps; look for values that multiply");
    }

    /// <summary>Making a field costs memory and time as some sixteen plain steps do.</summary>
    public void SpendOnField(bool created, Field field, HoconOrigin origin) => Spend(created ? 16 + field.Layers.Count : 1, origin);

    public T Check<T>(T value)
        where T : HoconValue
    {
        if (value.Weight > limits.Values)
            throw Stop(value.Origin, $"there are more than {limits.Values} values after substitution; look for values that multiply");
        if (value.Depth > limits.Depth)
            throw Stop(value.Origin, $"nested deeper than {limits.Depth} levels after substitution");
        return value;
    }

    public HoconException Stop(HoconOrigin origin, string message) => errors.Stop(origin, message);
}
