using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

/// <summary>Wraps as they should be, and as somebody without the secret would make them.</summary>
internal static class Wraps
{
    internal static readonly Name Way = Name.Parse("hsm-1");
    internal static readonly Name OtherWay = Name.Parse("customer");

    internal static readonly Id16 Split = new([.. Enumerable.Repeat((byte)7, 16)]);

    internal static SealedWrap Seal(CustomerSecret secret, IKeyAgreement key) => SealAll(secret, key).Wrap;

    /// <summary>The wrap, and the key that proves it.</summary>
    internal static (SealedWrap Wrap, PublicKey Proof) SealAll(CustomerSecret secret, IKeyAgreement key, Name? way = null)
    {
        var (wrap, confirmation, proof) = WrapRecord.Seal(secret, way ?? Way, Split, PublicKey.Parse(key.PublicKey), SystemRandom.Fill);
        confirmation.Dispose();
        return (wrap, proof);
    }

    /// <summary>Whether the answer proves the way to this challenge.</summary>
    internal static bool IsProven(PublicKey proof, CustodyChallenge challenge, byte[]? answer) =>
        answer is not null && proof.Verify(challenge.Encode(), answer);

    /// <summary>Seals any bytes as the wrap's record.</summary>
    internal static SealedWrap Reseal(SealedWrap wrap, ReadOnlySpan<byte> record) =>
        wrap with { Sealed = Hpke.Seal(wrap.Key.Bytes.Span, wrap.Info(), [], record, SystemRandom.Fill) };

    internal static SecretBuffer Unseal(IKeyAgreement key, SealedWrap wrap) => Hpke.Open(key, wrap.Info(), [], wrap.Sealed.Span);

    internal static CustodyChallenge Challenge(byte nonce = 1, Name? way = null, Name? customer = null, uint epoch = 1) =>
        new(Custody.Cluster, customer ?? Custody.Acme, epoch, way ?? Way, Digest.Zero, Digest.Of([nonce]));
}
