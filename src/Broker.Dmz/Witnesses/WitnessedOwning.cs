using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Witnesses;

/// <summary>What a node remembers of a customer besides its head: these stand under no head, and a set-back zone shows in them.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Fence">The fence of this node's last claim.</param>
/// <param name="Lock">The lock generation that the zone told then, or later.</param>
internal sealed record WitnessedOwning(Name Cluster, Name Customer, ulong Fence, ulong Lock) : IStatement<WitnessedOwning>
{
    private const string Label = "broker/witness-owning/1";

    public byte[] Encode() => new EncWriter(Label).Name(Cluster).Name(Customer).U64(Fence).U64(Lock).ToArray();

    public static WitnessedOwning Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var owning = new WitnessedOwning(r.Name(), r.Name(), r.U64(), r.U64());
        r.End();
        return owning;
    }
}
