using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Witnesses;

/// <summary>What a node remembers of a customer's head: no key, no row.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Counter">The head's counter.</param>
/// <param name="Root">Its root.</param>
/// <param name="Committed">False while the head is only prepared: the zone may or may not have it.</param>
internal sealed record WitnessedHead(Name Cluster, Name Customer, ulong Counter, Digest Root, bool Committed) : IStatement<WitnessedHead>
{
    private const string Label = "broker/witness/1";

    public byte[] Encode() =>
        new EncWriter(Label).Name(Cluster).Name(Customer).U64(Counter).Digest(Root).U32(Committed ? 1u : 0u).ToArray();

    public static WitnessedHead Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var head = new WitnessedHead(r.Name(), r.Name(), r.U64(), r.Digest(), r.U32() == 1);
        r.End();
        return head;
    }
}
