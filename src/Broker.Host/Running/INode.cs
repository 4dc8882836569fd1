using System.CommandLine;
using Broker.Configuration;

namespace Broker.Host.Running;

/// <summary>A started node.</summary>
public interface INode : IAsyncDisposable
{
    /// <summary>Stops in the node's own order: no new work, work in hand to a definite state, secrets wiped, connections closed.</summary>
    /// <param name="deadline">Ends when there is no more time; then the process exits whatever is left.</param>
    Task StopAsync(CancellationToken deadline);
}

/// <summary>What an executable is, for <see cref="NodeProgram"/>.</summary>
/// <typeparam name="TSettings">Its settings, an immutable record.</typeparam>
/// <param name="Name">Name of the executable.</param>
/// <param name="Description">For <c>--help</c>.</param>
/// <param name="Section">Its own section under <c>broker</c>, for instance <c>zone</c>.</param>
/// <param name="Read">Reads the settings from a reader at <c>broker</c>. Its problems are gathered by the reader.</param>
/// <param name="StartAsync">Starts the node; returns when it serves.</param>
public sealed record NodeDefinition<TSettings>(
    string Name,
    string Description,
    string Section,
    Func<SettingsReader, TSettings> Read,
    Func<NodeContext, TSettings, CancellationToken, Task<INode>> StartAsync)
{
    /// <summary>Options of the command line beside <c>--config</c>: what belongs to one start, not to the node.</summary>
    public IReadOnlyList<Option> Options { get; init; } = [];

    /// <summary>Puts what these options say into the settings.</summary>
    public Func<TSettings, ParseResult, TSettings> Complete { get; init; } = static (settings, _) => settings;
}
