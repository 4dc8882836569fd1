using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Custody;

/// <summary>A way of custody as it was made.</summary>
/// <param name="Way">What was asked for.</param>
/// <param name="Split">
/// The id of this making: shares of another one do not combine with these, and a wrap of another one is no longer a way.
/// </param>
/// <param name="Proofs">
/// One public key for each holder, which follows from what the holder was given: it verifies the answer to a
/// <see cref="CustodyChallenge"/>, and tells nothing that the identity key does not tell.
/// </param>
public sealed record KeptWay(CustodyWay Way, Id16 Split, IReadOnlyList<PublicKey> Proofs)
{
    /// <inheritdoc/>
    public bool Equals(KeptWay? other) =>
        other is not null && Way == other.Way && Split == other.Split && Proofs.SequenceEqual(other.Proofs);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Way, Split, Proofs.Count);

    internal static void Write(EncWriter writer, KeptWay value)
    {
        CustodyWay.Write(writer, value.Way);
        writer.Id(value.Split).List(value.Proofs, static (w, key) => w.Key(key));
    }

    internal static KeptWay Read(ref EncReader reader)
    {
        var way = CustodyWay.Read(ref reader);
        var (split, proofs) = (reader.Id(), reader.List(static (ref r) => r.Key(), CustodyWay.MaxHolders));
        return proofs.Count == way.Holders.Count
            ? new KeptWay(way, split, proofs)
            : throw new MalformedException("a way of custody has one proof for each holder");
    }
}
