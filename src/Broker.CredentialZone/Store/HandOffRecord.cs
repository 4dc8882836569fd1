using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Store;

/// <summary>A hand-off in the journal.</summary>
/// <param name="HandOff">The hand-off.</param>
/// <param name="Agent">Who receives.</param>
/// <param name="Request">SHA-256 of the request's statement.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="State">How the hand-off stands.</param>
/// <param name="UseState">How the use stands; empty until it ended.</param>
/// <param name="Code">What the last outcome said more, or empty.</param>
/// <param name="Intent">Position of the first intent's block in the customer's chain: it holds the request.</param>
/// <param name="Released">When it was first released.</param>
/// <param name="Updated">When it last changed.</param>
internal sealed record HandOffRecord(
    Id16 HandOff,
    Name Agent,
    Digest Request,
    uint Attempt,
    string State,
    string UseState,
    string Code,
    ulong Intent,
    DateTimeOffset Released,
    DateTimeOffset Updated)
{
    /// <summary>Whether an outcome of the hand-off, or of its use, is still to come.</summary>
    public bool IsOpen => State == HandOffState.Released || (State == HandOffState.Acknowledged && UseState.Length == 0);
}
