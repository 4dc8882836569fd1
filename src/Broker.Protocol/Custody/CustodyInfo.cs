using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Custody;

/// <summary>The HPKE <c>info</c> and <c>aad</c> of custody: what a sealed share is bound to.</summary>
public static class CustodyInfo
{
    /// <summary>Of a share record sealed to its custodian.</summary>
    public static byte[] SealedShare(Name cluster, Name customer, uint epoch, Id16 split, uint index) =>
        new EncWriter("broker/sealed-share/1").Name(cluster).Name(customer).U32(epoch).Id(split).U32(index).ToArray();

    /// <summary>Of a share record that a custodian seals to the incarnation that unlocks.</summary>
    public static byte[] ShareForUnlock(Name cluster, Name customer, uint epoch, Id16 split, uint index, Digest incarnation) =>
        new EncWriter("broker/unlock/1").Name(cluster).Name(customer).U32(epoch).Id(split).U32(index).Digest(incarnation).ToArray();

    /// <summary>
    /// The associated data of a share given to unlock: the custodian's word on which head may be taken when no witness proves
    /// freshness. Zero and zero say nothing.
    /// </summary>
    public static byte[] AcceptedHead(ulong counter, Digest root) =>
        new EncWriter("broker/accepted-head/1").U64(counter).Digest(root).ToArray();

    /// <summary>Of a wrap's record that a customer seals to the incarnation that unlocks.</summary>
    public static byte[] WrapForUnlock(Name cluster, Name customer, uint epoch, Name way, Id16 split, Digest incarnation) =>
        new EncWriter("broker/unlock-wrap/1").Name(cluster).Name(customer).U32(epoch).Name(way).Id(split).Digest(incarnation).ToArray();

    /// <summary>
    /// Input of the key with which whoever keeps a wrap confirms it: <c>HMAC(Expand(K_e, this, 32), challenge)</c>. The identity key
    /// is in it, so that a record of another's making confirms nothing.
    /// </summary>
    public static byte[] WrapConfirmation(Name cluster, Name customer, uint epoch, Name way, Id16 split, PublicKey identity) =>
        new EncWriter("broker/confirm-wrap/1").Name(cluster).Name(customer).U32(epoch).Name(way).Id(split).Key(identity).ToArray();

    /// <summary>
    /// Input of the key pair that proves a share: <c>DeriveKeyPair(Expand(share, this, 32))</c>, RFC 9180 section 7.1.3.
    /// </summary>
    public static byte[] ShareProof(Name cluster, Name customer, uint epoch, Id16 split, uint index) =>
        new EncWriter("broker/prove-share/1").Name(cluster).Name(customer).U32(epoch).Id(split).U32(index).ToArray();

    /// <summary>Input of the key pair that proves a wrap: <c>DeriveKeyPair(Expand(K_e, this, 32))</c>.</summary>
    public static byte[] WrapProof(Name cluster, Name customer, uint epoch, Name way, Id16 split) =>
        new EncWriter("broker/prove-wrap/1").Name(cluster).Name(customer).U32(epoch).Name(way).Id(split).ToArray();

    /// <summary>Input of the key with which a custodian confirms a share: <c>HMAC(Expand(share, this, 32), challenge)</c>.</summary>
    public static byte[] Confirmation { get; } = new EncWriter("broker/confirm/1").ToArray();
}
