using System.Buffers.Binary;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets;

/// <summary>
/// One share of a customer's secret as a signed record, in locked memory: <c>enc("broker/share/1", cluster, customer, epoch,
/// split, k, n, index, identity, share) ‖ signature</c>. Outside memory it exists only sealed to its custodian.
/// </summary>
public sealed class ShareRecord : IDisposable
{
    private const string Label = "broker/share/1";

    private readonly SecretBuffer _record;
    private readonly int _shareOffset;
    private readonly int _shareLength;

    private ShareRecord(SecretBuffer record)
    {
        _record = record;
        var statement = record.Length > PublicKey.SignatureLength
            ? record.Span[..^PublicKey.SignatureLength]
            : throw new MalformedException("share record is too short");
        var r = new EncReader(statement, Label);
        (Cluster, Customer, Epoch, Split) = (r.Name(), r.Name(), r.U32(), r.Id());
        (Threshold, Count, Index, Identity) = (r.U32(), r.U32(), r.U32(), r.Key());
        _shareLength = KeptSecret.Read(ref r);
        r.End();
        _shareOffset = statement.Length - _shareLength;
        if (Index == 0 || Index > Count || Threshold < Shamir.LeastThreshold || Threshold > Count || Count > Shamir.MostShares)
        {
            throw new MalformedException("share record has an index or threshold out of range");
        }
    }

    /// <summary>The installation.</summary>
    public Name Cluster { get; }

    /// <summary>The customer.</summary>
    public Name Customer { get; }

    /// <summary>The epoch.</summary>
    public uint Epoch { get; }

    /// <summary>The splitting that the share is of.</summary>
    public Id16 Split { get; }

    /// <summary>k.</summary>
    public uint Threshold { get; }

    /// <summary>n.</summary>
    public uint Count { get; }

    /// <summary>From 1.</summary>
    public uint Index { get; }

    /// <summary>The identity key whose owner made the share.</summary>
    public PublicKey Identity { get; }

    /// <summary>Whether the identity key named in the record signed it.</summary>
    public bool IsSigned => Identity.Verify(_record.Span[..^PublicKey.SignatureLength], _record.Span[^PublicKey.SignatureLength..]);

    /// <summary>The share, for combining.</summary>
    internal ReadOnlySpan<byte> Share => _record.Span.Slice(_shareOffset, _shareLength);

    /// <summary>Makes the records of all shares of a secret, each sealed to its custodian.</summary>
    /// <param name="secret">The secret.</param>
    /// <param name="way">The way of shares, with its custodians.</param>
    /// <param name="split">The id of this splitting.</param>
    /// <param name="random">The system's randomness.</param>
    /// <returns>
    /// Per custodian: the sealed record; HKDF-Expand of the share for confirmation, owned by the caller; the key that proves the share.
    /// </returns>
    /// <exception cref="ArgumentException">The way keeps no shares, or its k and n are out of range.</exception>
    public static IReadOnlyList<(byte[] Sealed, SecretBuffer Confirmation, PublicKey Proof)> SealAll(
        CustomerSecret secret, CustodyWay way, Id16 split, RandomFill random)
    {
        if (way.Kind != WayKind.Shares)
        {
            throw new ArgumentException("the way keeps no shares", nameof(way));
        }

        var shares = secret.Split((int)way.Threshold, way.Holders.Count, random);
        var sealedShares = new List<(byte[], SecretBuffer, PublicKey)>();
        try
        {
            for (var i = 0; i < shares.Length; i++)
            {
                var index = (uint)i + 1;
                using var made = Make(secret, way, split, index, shares[i].Span);
                var info = CustodyInfo.SealedShare(secret.Cluster, secret.Customer, secret.Epoch, split, index);
                var sealedShare = Hpke.Seal(way.Holders[i].Key.Bytes.Span, info, [], made._record.Span, random);
                using var proof = made.ProofKey();
                sealedShares.Add((sealedShare, made.ConfirmationKey(), PublicKey.Parse(proof.PublicKey)));
            }

            return sealedShares;
        }
        catch
        {
            foreach (var (_, confirmation, _) in sealedShares)
            {
                confirmation.Dispose();
            }

            throw;
        }
        finally
        {
            foreach (var share in shares)
            {
                share.Dispose();
            }
        }
    }

    /// <summary>Takes a record over from locked memory.</summary>
    /// <param name="record">The record with its signature; owned by the result, wiped when it is malformed.</param>
    /// <exception cref="MalformedException">It is no share record.</exception>
    public static ShareRecord Take(SecretBuffer record)
    {
        try
        {
            return new ShareRecord(record);
        }
        catch
        {
            record.Dispose();
            throw;
        }
    }

    /// <summary>Seals the record to an incarnation that the custodian has verified.</summary>
    /// <param name="incarnation">The incarnation's key.</param>
    /// <param name="acceptedHead"><see cref="CustodyInfo.AcceptedHead"/>.</param>
    /// <param name="random">The system's randomness.</param>
    public byte[] SealForUnlock(PublicKey incarnation, ReadOnlySpan<byte> acceptedHead, RandomFill random)
    {
        var info = CustodyInfo.ShareForUnlock(Cluster, Customer, Epoch, Split, Index, incarnation.Fingerprint);
        return Hpke.Seal(incarnation.Bytes.Span, info, acceptedHead, _record.Span, random);
    }

    /// <summary>The answer to a challenge of the node that made the share: 32 bytes, not secret.</summary>
    public byte[] Confirm(ReadOnlySpan<byte> challenge)
    {
        using var key = ConfirmationKey();
        return System.Security.Cryptography.HMACSHA256.HashData(key.Span, challenge);
    }

    /// <summary>Answers a challenge with a signature. Shows that the share is there; nothing is unlocked by it.</summary>
    /// <returns>Null where the challenge is for another cluster, customer or epoch than the record.</returns>
    public byte[]? Prove(CustodyChallenge challenge)
    {
        if (challenge.Cluster != Cluster || challenge.Customer != Customer || challenge.Epoch != Epoch)
        {
            return null;
        }

        using var key = ProofKey();
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(challenge.Encode(), signature);
        return signature;
    }

    /// <summary>Rebuilds a customer's secret.</summary>
    /// <param name="shares">At least k records of one split, each index once; they stay the caller's.</param>
    /// <returns>
    /// The secret, owned by the caller; null when the records are too few or not of one split, or when it is not the secret of the
    /// identity that they name.
    /// </returns>
    public static CustomerSecret? Combine(IReadOnlyList<ShareRecord> shares)
    {
        if (shares.Count == 0 || shares.Count < shares[0].Threshold || !shares.All(shares[0].IsOfOneSplitWith) ||
            shares.DistinctBy(static s => s.Index).Count() < shares.Count)
        {
            return null;
        }

        var first = shares[0];
        var parts = new List<SecretBuffer>();
        try
        {
            foreach (var share in shares)
            {
                parts.Add(SecretBuffer.CopyOf(share.Share));
            }

            byte[] indexes = [.. shares.Select(s => (byte)s.Index)];
            var secret = CustomerSecret.Take(Shamir.Combine(indexes, parts), first.Cluster, first.Customer, first.Epoch);
            if (secret.Identity.Equals(first.Identity))
            {
                return secret;
            }

            secret.Dispose();
            return null;
        }
        finally
        {
            foreach (var part in parts)
            {
                part.Dispose();
            }
        }
    }

    /// <summary>Wipes the record.</summary>
    public void Dispose() => _record.Dispose();

    private static ShareRecord Make(CustomerSecret secret, CustodyWay way, Id16 split, uint index, ReadOnlySpan<byte> share)
    {
        // The share is the last field, so everything before it is public and the record is completed in locked memory.
        var prefix = new EncWriter(Label).Name(secret.Cluster).Name(secret.Customer).U32(secret.Epoch).Id(split)
            .U32(way.Threshold).U32((uint)way.Holders.Count).U32(index).Key(secret.Identity).ToArray();
        var buffer = SecretBuffer.Allocate(prefix.Length + 4 + share.Length + PublicKey.SignatureLength);
        try
        {
            var span = buffer.Span;
            prefix.CopyTo(span);
            BinaryPrimitives.WriteUInt32BigEndian(span[prefix.Length..], (uint)share.Length);
            share.CopyTo(span[(prefix.Length + 4)..]);
            secret.SignInto(span[..^PublicKey.SignatureLength], span[^PublicKey.SignatureLength..]);
            return new ShareRecord(buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private bool IsOfOneSplitWith(ShareRecord other) =>
        Cluster == other.Cluster && Customer == other.Customer && Epoch == other.Epoch && Split == other.Split &&
        Threshold == other.Threshold && Count == other.Count && _shareLength == other._shareLength && Identity.Equals(other.Identity);

    private P256PrivateKey ProofKey() => CustodyProof.Key(Share, CustodyInfo.ShareProof(Cluster, Customer, Epoch, Split, Index));

    private SecretBuffer ConfirmationKey()
    {
        var key = SecretBuffer.Allocate(32);
        try
        {
            Hkdf.Expand(Share, CustodyInfo.Confirmation, key.Span);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
