using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>
/// Body of a rotation block: rows of an earlier epoch left the zone to be encrypted anew, to whoever owned the customer then.
/// </summary>
/// <param name="Epoch">The epoch under which they come back; theirs is an earlier one.</param>
/// <param name="Fence">The owner's fence.</param>
/// <param name="LockGeneration">The lock generation; no lock stood.</param>
/// <param name="HeadCounter">Counter of the head under which they stood.</param>
/// <param name="Leaves">Their leaves in the tree.</param>
public sealed record RotationIntent(uint Epoch, ulong Fence, ulong LockGeneration, ulong HeadCounter, IReadOnlyList<Digest> Leaves)
    : IStatement<RotationIntent>
{
    /// <summary>Most rows of one batch.</summary>
    public const int MaxRows = 1024;

    /// <summary>Most rows of one batch to a caller that does not say how many it takes: what the version before this one reads.</summary>
    public const int MaxRowsUnasked = 64;

    private const string Label = "broker/rotation/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .U32(Epoch).U64(Fence).U64(LockGeneration).U64(HeadCounter).List(Leaves, static (w, leaf) => w.Digest(leaf)).ToArray();

    /// <inheritdoc/>
    public static RotationIntent Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var intent = new RotationIntent(r.U32(), r.U64(), r.U64(), r.U64(), r.List(static (ref leaf) => leaf.Digest(), MaxRows));
        r.End();
        return intent;
    }
}
