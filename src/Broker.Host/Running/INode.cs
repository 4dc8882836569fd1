using System.CommandLine;
using Broker.Configuration;

namespace Broker.Host.Running;

/// <summary>A started node.</summary>
public interface INode : IAsyncDisposable
{
    /// <summary>
    /// Hands over to others what only this node does, while it still serves: in <see cref="Actors.ShutdownPhases.BeforeServiceUnbind"/>.
    /// What cannot be handed over in time is told, and does not make the stop unclean.
    /// </summary>
    /// <param name="reason">Why the node stops, for people.</param>
    /// <param name="deadline">Ends when there is no more time; what comes after needs some of it too.</param>
    Task LeaveAsync(string reason, CancellationToken deadline) => Task.CompletedTask;

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
    /// <summary>What the executable does besides running the node, each under the same configuration.</summary>
    public IReadOnlyList<NodeVerb<TSettings>> Verbs { get; init; } = [];

    /// <summary>Options of the command line beside <c>--config</c>: what belongs to one start, not to the node.</summary>
    public IReadOnlyList<Option> Options { get; init; } = [];

    /// <summary>Puts what these options say into the settings.</summary>
    public Func<TSettings, ParseResult, TSettings> Complete { get; init; } = static (settings, _) => settings;
}

/// <summary>A further command of an executable, for instance <c>backup</c>.</summary>
/// <typeparam name="TSettings">The executable's settings.</typeparam>
/// <param name="Name">The command.</param>
/// <param name="Description">What it does, with an example.</param>
/// <param name="Options">Its options besides <c>--config</c>.</param>
/// <param name="Run">
/// Does it, and returns one of <see cref="ExitCodes"/>. A <see cref="StartException"/> is told on standard error and is
/// <see cref="ExitCodes.Start"/>.
/// </param>
public sealed record NodeVerb<TSettings>(
    string Name, string Description, IReadOnlyList<NodeVerbOption> Options, Func<TSettings, NodeVerbInput, int> Run);

/// <summary>An option of a command.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Description">For <c>--help</c>.</param>
/// <param name="HelpName">What its value is, or null for one without a value.</param>
/// <param name="Required">Whether it must be given.</param>
public sealed record NodeVerbOption(string Name, string Description, string? HelpName, bool Required);

/// <summary>What a command was given.</summary>
/// <param name="Values">The values of the options that were given; an empty text for those without a value.</param>
/// <param name="Time">The clock.</param>
/// <param name="Output">Standard output, for results.</param>
/// <param name="Error">Standard error, for progress and errors.</param>
public sealed record NodeVerbInput(
    IReadOnlyDictionary<string, string> Values, TimeProvider Time, TextWriter Output, TextWriter Error);
