using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>What the identity key signs after each change of a customer's rows or directory.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The customer's epoch.</param>
/// <param name="Counter">Raised by one with each change, from 1.</param>
/// <param name="Root">Root of the sparse Merkle tree over rows and entries.</param>
/// <param name="LedgerPosition">Blocks of the customer's chain that the signer knows of.</param>
/// <param name="LedgerHash">Hash of the last of them.</param>
public sealed record CustomerHead(
    Name Cluster, Name Customer, uint Epoch, ulong Counter, Digest Root, ulong LedgerPosition, Digest LedgerHash) : IStatement<CustomerHead>
{
    private const string Label = "broker/head/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).U64(Counter).Digest(Root).U64(LedgerPosition).Digest(LedgerHash).ToArray();

    /// <inheritdoc/>
    public static CustomerHead Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var head = new CustomerHead(r.Name(), r.Name(), r.U32(), r.U64(), r.Digest(), r.U64(), r.Digest());
        r.End();
        return head;
    }
}
