namespace Broker.Configuration;

/// <summary>What a scalar was written as.</summary>
public enum HoconKind
{
    /// <summary>A quoted or unquoted string, a concatenation, or a value from the environment.</summary>
    Text,

    /// <summary>A number as JSON has them, kept as it was written.</summary>
    Number,

    /// <summary><c>true</c> or <c>false</c>, unquoted.</summary>
    Boolean,

    /// <summary><c>null</c>, unquoted.</summary>
    Null,
}

/// <summary>Text, a number, a boolean or null.</summary>
public sealed class HoconScalar : HoconValue
{
    internal HoconScalar(HoconOrigin origin, HoconKind kind, string text)
        : base(origin)
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>What it was written as.</summary>
    public HoconKind Kind { get; }

    /// <summary>The content as it was written, escapes replaced; <c>null</c> for null.</summary>
    public string Text { get; }

    internal override long Weight => 1;

    internal override int Depth => 0;

    internal override string Describe() => Kind switch
    {
        HoconKind.Number => "a number",
        HoconKind.Boolean => "a boolean",
        HoconKind.Null => "null",
        _ => "text",
    };
}
