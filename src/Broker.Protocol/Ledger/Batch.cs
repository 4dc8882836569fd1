using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>One group commit: the root over the blocks that it appended, of all chains; signed by the zone node's ledger key.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="LedgerKey">Fingerprint of the key that signs.</param>
/// <param name="Count">Blocks in the batch, from 1.</param>
/// <param name="Root">Root over the blocks' hashes, <see cref="Merkle.BatchTree"/>.</param>
/// <param name="Time">Time of record.</param>
public sealed record Batch(Name Cluster, Digest LedgerKey, uint Count, Digest Root, DateTimeOffset Time) : IStatement<Batch>
{
    private const string Label = "broker/batch/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Cluster).Digest(LedgerKey).U32(Count).Digest(Root).Time(Time).ToArray();

    /// <inheritdoc/>
    public static Batch Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var batch = new Batch(r.Name(), r.Digest(), r.U32(), r.Digest(), r.Time());
        r.End();
        return batch;
    }
}
