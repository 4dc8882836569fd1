namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>Something that befalls a fleet, and passes.</summary>
/// <param name="Kind">What it is, for the history.</param>
/// <param name="Loses">The DMZ nodes whose memory it takes.</param>
/// <param name="StrikeAsync">Begins it.</param>
/// <param name="MendAsync">Ends it.</param>
internal sealed record Fault(string Kind, IReadOnlyList<string> Loses, Func<Task> StrikeAsync, Func<Task> MendAsync);
