using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>The state of a customer's key on this node.</summary>
internal static class KeyState
{
    public const string Unknown = "unknown";
    public const string Enrolling = "enrolling";
    public const string Locked = "locked";
    public const string Unlocking = "unlocking";
    public const string LiftNeeded = "lift-needed";
    public const string Receiving = "receiving";
    public const string Holding = "holding";
    public const string Claiming = "claiming";
    public const string Unlocked = "unlocked";
}

/// <summary>A snapshot of the key actor for people and for the gateway.</summary>
/// <param name="State">A constant of <see cref="KeyState"/>.</param>
/// <param name="Needed">Shares or confirmations that are needed; 0 where unknown.</param>
/// <param name="Given">Given so far: <c>shares/2</c>, or the way of a wrap.</param>
/// <param name="LastFailure">Code of the last failed unlock.</param>
/// <param name="Challenge">While enrolling.</param>
/// <param name="Fence">The fence held; 0 when not unlocked.</param>
/// <param name="HeadCounter">Counter of the head that is held; 0 when not unlocked.</param>
internal sealed record KeyStatus(
    string State, uint Needed, IReadOnlyList<string> Given, string? LastFailure, byte[]? Challenge, ulong Fence,
    ulong HeadCounter)
{
    /// <summary>What each way of custody lacks, in words; empty while enrolling.</summary>
    public string Missing { get; init; } = "";
}

/// <summary>Where a chain stood.</summary>
internal sealed record LedgerPoint(ulong Position, Digest Hash);

/// <summary>What the zone and the node's witness say of a customer that is being unlocked.</summary>
/// <param name="State">The zone's word.</param>
/// <param name="Custody">The entry of the custody record, under the head of <paramref name="State"/>.</param>
/// <param name="Witness">The highest head of the node's file, or null.</param>
/// <param name="Owning">Fence and lock of the node's file, or null.</param>
internal sealed record LoadedCustomer(
    Wire.CustomerState State, ProvenEntry Custody, Witnesses.WitnessedHead? Witness, Witnesses.WitnessedOwning? Owning = null)
{
    /// <summary>
    /// The custody record of the epoch before, under the same head: an empty leaf where its rotation has ended; null in the first epoch.
    /// </summary>
    public ProvenEntry? Before { get; init; }
}

/// <summary>The zone's answer to a commit.</summary>
/// <param name="Committed">Whether it is committed; false is certain too.</param>
/// <param name="Code">Why not.</param>
/// <param name="Ledger">Where the customer's chain stands.</param>
internal sealed record CommitResult(bool Committed, string? Code, LedgerPoint? Ledger);

/// <summary>A request whose user the directory knows.</summary>
internal sealed record VerifiedUser(Name User, Role Role);

/// <summary>Changes that the key actor verified, under the head that it signed.</summary>
/// <param name="Refusals">For each change its refusal, or null.</param>
/// <param name="Versions">For each change the new version of a credential, or 0.</param>
/// <param name="Grants">For each change the signed grant, or null.</param>
/// <param name="Entries">What changes.</param>
/// <param name="Head">The new head.</param>
/// <param name="ExpectedCounter">Counter of the head that it follows.</param>
/// <param name="Fence">The fence under which to commit.</param>
internal sealed record PreparedChanges(
    IReadOnlyList<Refused?> Refusals,
    IReadOnlyList<uint> Versions,
    IReadOnlyList<Signed?> Grants,
    IReadOnlyList<Wire.EntryChange> Entries,
    Signed? Head,
    ulong ExpectedCounter,
    ulong Fence);

/// <summary>So many rows of a rotation wait at the key actor for their head.</summary>
internal sealed record RowsResealed(int Count);

/// <summary>The owner's hello to send.</summary>
internal sealed record SessionHello(ReadOnlyMemory<byte> Statement);

/// <summary>What the agent's hello asks the zone to advance.</summary>
internal sealed record VerifiedHello(Id16 Boot, ulong Generation, ulong Fence);

/// <summary>Agents that have a session.</summary>
internal sealed record ConnectedHolders(IReadOnlySet<Name> Agents);
