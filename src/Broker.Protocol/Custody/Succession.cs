using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>A customer's identity key gives way to the next epoch's.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The new epoch, from 2.</param>
/// <param name="Old">The identity key of the epoch before.</param>
/// <param name="New">The identity key of the new epoch.</param>
/// <param name="Compromised">Whether the old one may be in other hands; then its signature would say nothing, and is not there.</param>
public sealed record Succession(Name Cluster, Name Customer, uint Epoch, PublicKey Old, PublicKey New, bool Compromised)
    : IStatement<Succession>
{
    private const string Label = "broker/succession/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Key(Old).Key(New).Flag(Compromised).ToArray();

    /// <inheritdoc/>
    public static Succession Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var succession = new Succession(r.Name(), r.Name(), r.U32(), r.Key(), r.Key(), r.Flag());
        r.End();
        return succession;
    }
}
