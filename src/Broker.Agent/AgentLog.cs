using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Agent;

/// <summary>Everything that the agent logs: names, codes and numbers, never what came in an envelope or went to a program.</summary>
internal static partial class AgentLog
{
    [LoggerMessage(1, LogLevel.Information, "agent {Agent} of customer {Customer} runs with {Uses} named uses")]
    internal static partial void Started(ILogger logger, string agent, string customer, int uses);

    [LoggerMessage(2, LogLevel.Information, "link lost: {Code}; connecting again in {Milliseconds} ms")]
    internal static partial void LinkLost(ILogger logger, string code, long milliseconds);

    [LoggerMessage(3, LogLevel.Information, "session is live with owner {Node}, fence {Fence}")]
    internal static partial void SessionLive(ILogger logger, string node, ulong fence);

    [LoggerMessage(4, LogLevel.Warning, "link ended by this agent: {Code}")]
    internal static partial void LinkEnded(ILogger logger, string code);

    [LoggerMessage(5, LogLevel.Information, "hand-off {HandOff} attempt {Attempt}: {Outcome} {Code}")]
    internal static partial void HandOff(ILogger logger, Id16 handOff, uint attempt, string outcome, string code);

    // What goes well is in the audit trail, signed, and at a busy agent a line for each would hide the others.
    [LoggerMessage(13, LogLevel.Debug, "hand-off {HandOff} attempt {Attempt}: {Outcome}")]
    internal static partial void HandOffWell(ILogger logger, Id16 handOff, uint attempt, string outcome);

    [LoggerMessage(6, LogLevel.Information, "grant renewed until {NotAfter}")]
    internal static partial void GrantRenewed(ILogger logger, DateTimeOffset notAfter);

    [LoggerMessage(7, LogLevel.Warning, "renewed grant refused: {Code}")]
    internal static partial void GrantRefused(ILogger logger, string code);

    [LoggerMessage(8, LogLevel.Information, "message of type {Type} ignored: {Code}")]
    internal static partial void MessageIgnored(ILogger logger, string type, string code);

    [LoggerMessage(9, LogLevel.Information, "stopping: uses are ended and reported first")]
    internal static partial void Stopping(ILogger logger);

    [LoggerMessage(10, LogLevel.Error, "actor {Path} failed with {Exception} at {Where}")]
    internal static partial void ActorFailed(ILogger logger, string path, string exception, string where);

    [LoggerMessage(11, LogLevel.Information, "stopped; {Bytes} bytes of secrets are left")]
    internal static partial void Stopped(ILogger logger, long bytes);

    [LoggerMessage(12, LogLevel.Information, "enrolled as agent {Agent} of customer {Customer}; the grant is valid until {NotAfter}")]
    internal static partial void Enrolled(ILogger logger, string agent, string customer, DateTimeOffset notAfter);
}
