using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>
/// A holder claims a customer; signed by the identity key, so that only who holds the secret raises the fence. The zone accepts
/// it only when <paramref name="Fence"/> is one more than the fence it has.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Node">The claiming node.</param>
/// <param name="Incarnation">Fingerprint of its incarnation.</param>
/// <param name="Fence">The fence that the claim sets.</param>
/// <param name="LiftedGeneration">The lock generation up to which an administrator has lifted locks, or 0.</param>
public sealed record Claim(
    Name Cluster, Name Customer, uint Epoch, Name Node, Digest Incarnation, ulong Fence, ulong LiftedGeneration) : IStatement<Claim>
{
    private const string Label = "broker/claim/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Name(Node).Digest(Incarnation).U64(Fence).U64(LiftedGeneration).ToArray();

    /// <inheritdoc/>
    public static Claim Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var claim = new Claim(r.Name(), r.Name(), r.U32(), r.Name(), r.Digest(), r.U64(), r.U64());
        r.End();
        return claim;
    }
}
