namespace Broker.Configuration.Syntax;

/// <summary>Leaves the field or element that cannot be read; the parser notes it and goes on after it.</summary>
internal sealed class SyntaxException(HoconOrigin origin, string message) : Exception(message)
{
    public HoconOrigin Origin { get; } = origin;
}
