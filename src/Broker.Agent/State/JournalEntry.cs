using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;

namespace Broker.Agent.State;

/// <summary>What became of a hand-off here. The numbers are on file.</summary>
internal enum HandOffRecord : byte
{
    /// <summary>Its envelope was about to be opened.</summary>
    Seen = 1,

    /// <summary>Opened, and in use.</summary>
    Acknowledged = 2,

    /// <summary>Not opened, and never will be.</summary>
    Refused = 3,

    /// <summary>Asked for before it came; never will be opened.</summary>
    Barred = 4,

    /// <summary>The use ended well.</summary>
    Used = 5,

    /// <summary>The use failed.</summary>
    UseFailed = 6,

    /// <summary>This process's predecessor ended before the use did.</summary>
    UseUnknown = 7,
}

/// <summary>The record of one hand-off.</summary>
/// <param name="HandOff">The hand-off.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Request">SHA-256 of the request, or zeros for one that was barred.</param>
/// <param name="Record">What became of it.</param>
/// <param name="Code">A stable code that says more, or empty; at most 40 characters.</param>
/// <param name="NotAfter">Its end, after which no further attempt can come.</param>
/// <param name="Told">Whether the end of the use was told to the key owner.</param>
internal sealed record JournalEntry(
    Id16 HandOff, uint Attempt, Digest Request, HandOffRecord Record, string Code, DateTimeOffset NotAfter, bool Told)
{
    /// <summary>Whether it was opened, or may have been.</summary>
    internal bool Opened => Record is not (HandOffRecord.Refused or HandOffRecord.Barred);

    /// <summary>Whether its use has ended.</summary>
    internal bool Ended => Record is HandOffRecord.Used or HandOffRecord.UseFailed or HandOffRecord.UseUnknown;

    /// <summary>The answer to a duplicate and to "seen?".</summary>
    internal (string Type, AgentReport Report) Answer => Record switch
    {
        HandOffRecord.Refused => (MessageType.Refused, new AgentReport(HandOffState.Refused, Code)),
        HandOffRecord.Barred => (MessageType.Barred, new AgentReport(HandOffState.NotSent, "barred")),
        _ => (MessageType.Acknowledged, new AgentReport(HandOffState.Acknowledged, "")),
    };

    /// <summary>The report of the end of the use.</summary>
    internal AgentReport EndReport => new(
        Record switch
        {
            HandOffRecord.Used => HandOffState.Used,
            HandOffRecord.UseFailed => HandOffState.UseFailed,
            _ => HandOffState.UseUnknown,
        },
        Code);
}
