namespace Broker.Configuration;

/// <summary>One thing that is wrong with a configuration.</summary>
/// <param name="Origin">Where it is wrong.</param>
/// <param name="Message">What is wrong and what to do, lower case, without the place.</param>
/// <param name="Path">The setting that it is about, or null where the text itself is wrong.</param>
public sealed record HoconError(HoconOrigin Origin, string Message, string? Path = null)
{
    /// <summary>Renders as <c>file:line:column: message</c>, or <c>file:line: path: message</c> for a setting.</summary>
    public override string ToString() =>
        Path is null ? $"{Origin}: {Message}" : $"{Origin.File}:{Origin.Line}: {Path}: {Message}";
}
