using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>What the zone records before rows leave it (I6).</summary>
/// <param name="Request">SHA-256 of the request's statement.</param>
/// <param name="HandOff">The hand-off.</param>
/// <param name="Attempt">From 1.</param>
/// <param name="Fence">The customer's fence under which the rows were given.</param>
/// <param name="LockGeneration">The customer's lock generation.</param>
/// <param name="HeadCounter">Counter of the head under which the rows stand.</param>
/// <param name="Leaves">Leaves of the rows that were given.</param>
public sealed record Intent(
    Digest Request, Id16 HandOff, uint Attempt, ulong Fence, ulong LockGeneration, ulong HeadCounter, IReadOnlyList<Digest> Leaves)
    : IStatement<Intent>
{
    private const string Label = "broker/intent/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Digest(Request).Id(HandOff).U32(Attempt).U64(Fence).U64(LockGeneration).U64(HeadCounter)
        .List(Leaves, static (w, leaf) => w.Digest(leaf)).ToArray();

    /// <inheritdoc/>
    public static Intent Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var intent = new Intent(
            r.Digest(), r.Id(), r.U32(), r.U64(), r.U64(), r.U64(), r.List(static (ref leaf) => leaf.Digest(), 16));
        r.End();
        return intent;
    }
}
