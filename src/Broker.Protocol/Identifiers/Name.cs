using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Broker.Protocol.Encoding;

namespace Broker.Protocol.Identifiers;

/// <summary>An identifier of a cluster, customer, user, credential, policy, agent, node or use: <c>[a-z0-9-]{1,63}</c>.</summary>
public readonly record struct Name : IComparable<Name>
{
    /// <summary>Most characters.</summary>
    public const int MaxLength = 63;

    private static readonly SearchValues<byte> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-"u8);

    private readonly string? _value;

    private Name(string value) => _value = value;

    /// <summary>The text.</summary>
    public string Value => _value ?? throw new InvalidOperationException("an empty name was used");

    /// <summary>Reads an identifier.</summary>
    /// <exception cref="MalformedException">It is not of the form.</exception>
    public static Name Parse(string text) =>
        TryParse(text, out var name) ? name : throw new MalformedException("identifier is not 1 to 63 of a-z, 0-9 and -");

    /// <summary>Reads an identifier.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Name name)
    {
        name = default;
        if (text is null || text.Length is 0 or > MaxLength)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        name = new Name(text);
        return true;
    }

    /// <summary>Checks that a text in ASCII is an identifier.</summary>
    /// <exception cref="MalformedException">It is none.</exception>
    internal static void Check(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > MaxLength || text.ContainsAnyExcept(Allowed))
        {
            throw new MalformedException("identifier is not 1 to 63 of a-z, 0-9 and -");
        }
    }

    /// <inheritdoc/>
    public int CompareTo(Name other) => string.CompareOrdinal(_value, other._value);

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";

#pragma warning disable CS1591 // comparison operators say what they do
    public static bool operator <(Name left, Name right) => left.CompareTo(right) < 0;
    public static bool operator >(Name left, Name right) => left.CompareTo(right) > 0;
    public static bool operator <=(Name left, Name right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Name left, Name right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591
}
