using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>One block of a chain; its hash is SHA-256 of its encoding.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Chain">The customer; <see cref="ClusterChain"/> for the cluster's own chain.</param>
/// <param name="Position">From 0.</param>
/// <param name="Previous">Hash of the block before; zero for the first.</param>
/// <param name="Time">Time of record, the zone's.</param>
/// <param name="Kind">A constant of <see cref="BlockKind"/>.</param>
/// <param name="Body">What happened: the encoding that the kind says.</param>
public sealed record Block(
    Name Cluster, string Chain, ulong Position, Digest Previous, DateTimeOffset Time, string Kind, ReadOnlyMemory<byte> Body)
    : IStatement<Block>
{
    /// <summary>Name of the cluster's own chain; no customer has it, since it is no identifier.</summary>
    public const string ClusterChain = "";

    private const string Label = "broker/block/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Text(Chain).U64(Position).Digest(Previous).Time(Time).Text(Kind).Bytes(Body.Span).ToArray();

    /// <inheritdoc/>
    public static Block Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var block = new Block(r.Name(), r.Text(), r.U64(), r.Digest(), r.Time(), r.Text(), r.Bytes().ToArray());
        r.End();
        return block;
    }
}
