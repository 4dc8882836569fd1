using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of a chain-head block in the cluster chain.</summary>
/// <param name="Customer">The chain.</param>
/// <param name="Position">Position of its last block.</param>
/// <param name="Hash">Hash of that block.</param>
public sealed record ChainHead(Name Customer, ulong Position, Digest Hash) : IStatement<ChainHead>
{
    private const string Label = "broker/chain-head/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Customer).U64(Position).Digest(Hash).ToArray();

    /// <inheritdoc/>
    public static ChainHead Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var head = new ChainHead(r.Name(), r.U64(), r.Digest());
        r.End();
        return head;
    }
}
