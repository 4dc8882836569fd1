using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>
/// Asks whoever keeps a way of custody to show that it is still there. The answer is a signature over the encoding, by the key that
/// follows from what the holder keeps and that the custody record names (<see cref="KeptWay.Proofs"/>); it unlocks nothing.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Way">The way that is asked for.</param>
/// <param name="Incarnation">Fingerprint of the node incarnation that asks.</param>
/// <param name="Nonce">32 random bytes, used once.</param>
public sealed record CustodyChallenge(
    Name Cluster, Name Customer, uint Epoch, Name Way, Digest Incarnation, Digest Nonce) : IStatement<CustodyChallenge>
{
    private const string Label = "broker/custody-challenge/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Name(Way).Digest(Incarnation).Digest(Nonce).ToArray();

    /// <inheritdoc/>
    public static CustodyChallenge Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var challenge = new CustodyChallenge(r.Name(), r.Name(), r.U32(), r.Name(), r.Digest(), r.Digest());
        r.End();
        return challenge;
    }
}
