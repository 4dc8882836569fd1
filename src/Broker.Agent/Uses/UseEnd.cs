using Broker.Protocol.Ledger;

namespace Broker.Agent.Uses;

/// <summary>How a use ended.</summary>
/// <param name="State">A constant of <see cref="HandOffState"/> that ends a use.</param>
/// <param name="Code">A stable code that says more.</param>
internal sealed record UseEnd(string State, string Code)
{
    /// <summary>A hold was as long as it may be.</summary>
    internal static UseEnd Expired { get; } = new(HandOffState.Used, "expired");

    /// <summary>The key owner, or the end of the agent, ended the use.</summary>
    internal static UseEnd Released { get; } = new(HandOffState.Used, "released");

    /// <summary>A hand-off of a later version took its place.</summary>
    internal static UseEnd Replaced { get; } = new(HandOffState.Used, "replaced");

    /// <summary>What it was to replace had ended meanwhile, or is being replaced already.</summary>
    internal static UseEnd NotHeld { get; } = new(HandOffState.UseFailed, "not-held");

    /// <summary>The kernel refused a memory file, a pipe or the program.</summary>
    internal static UseEnd NotStarted { get; } = new(HandOffState.UseFailed, "not-started");

    /// <summary>The command did not read its standard input in time.</summary>
    internal static UseEnd InputNotTaken { get; } = new(HandOffState.UseFailed, "input-not-taken");

    /// <summary>The agent itself failed in the use.</summary>
    internal static UseEnd Failed { get; } = new(HandOffState.UseFailed, "internal");

    /// <summary>The agent process ended, without telling how the use did.</summary>
    internal static UseEnd Unknown { get; } = new(HandOffState.UseUnknown, "agent-restarted");
}
