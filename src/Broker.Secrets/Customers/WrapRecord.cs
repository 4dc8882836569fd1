using System.Buffers.Binary;
using System.Security.Cryptography;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets;

/// <summary>
/// A customer's secret as a signed record, in locked memory: <c>enc("broker/wrap/1", cluster, customer, epoch, way, split, identity,
/// K_e) ‖ signature</c>. Outside memory it exists only as a <see cref="SealedWrap"/>. Unlike a share, it unlocks alone.
/// </summary>
public sealed class WrapRecord : IDisposable
{
    private const string Label = "broker/wrap/1";

    private readonly SecretBuffer _record;
    private readonly int _secretOffset;
    private readonly int _secretLength;

    private WrapRecord(SecretBuffer record)
    {
        _record = record;
        var statement = record.Length > PublicKey.SignatureLength
            ? record.Span[..^PublicKey.SignatureLength]
            : throw new MalformedException("wrap record is too short");
        var r = new EncReader(statement, Label);
        (Cluster, Customer, Epoch, Way, Split, Identity) = (r.Name(), r.Name(), r.U32(), r.Name(), r.Id(), r.Key());
        _secretLength = KeptSecret.Read(ref r);
        r.End();
        _secretOffset = statement.Length - _secretLength;
    }

    /// <summary>The installation.</summary>
    public Name Cluster { get; }

    /// <summary>The customer.</summary>
    public Name Customer { get; }

    /// <summary>The epoch.</summary>
    public uint Epoch { get; }

    /// <summary>The way of custody.</summary>
    public Name Way { get; }

    /// <summary>The making of the way.</summary>
    public Id16 Split { get; }

    /// <summary>The identity key whose owner made the record.</summary>
    public PublicKey Identity { get; }

    /// <summary>Whether the identity key named in the record signed it.</summary>
    public bool IsSigned => Identity.Verify(_record.Span[..^PublicKey.SignatureLength], _record.Span[^PublicKey.SignatureLength..]);

    private ReadOnlySpan<byte> Secret => _record.Span.Slice(_secretOffset, _secretLength);

    /// <summary>Makes the wrap of a secret for one way of custody.</summary>
    /// <param name="secret">The secret, which stays the caller's.</param>
    /// <param name="way">The way's name; no two ways of a customer share one.</param>
    /// <param name="split">The id of this making.</param>
    /// <param name="key">
    /// The key of the way. The caller knows that it is the right one: of a token, by the check that <see cref="HsmToken.FindKey"/> makes.
    /// </param>
    /// <param name="random">The system's randomness.</param>
    /// <returns>The wrap; the key with which its keeper confirms it, owned by the caller; the key that proves it.</returns>
    public static (SealedWrap Wrap, SecretBuffer Confirmation, PublicKey Proof) Seal(
        CustomerSecret secret, Name way, Id16 split, PublicKey key, RandomFill random)
    {
        using var record = Make(secret, way, split);
        var info = SealedWrap.Info(secret.Cluster, secret.Customer, secret.Epoch, way, split, secret.Identity, key);
        var sealedRecord = Hpke.Seal(key.Bytes.Span, info, [], record._record.Span, random);
        var wrap = new SealedWrap(secret.Cluster, secret.Customer, secret.Epoch, way, split, secret.Identity, key, sealedRecord);
        using var proof = record.ProofKey();
        return (wrap, record.ConfirmationKey(), PublicKey.Parse(proof.PublicKey));
    }

    /// <summary>Opens a wrap with the key of its way. One agreement runs, where the key is.</summary>
    /// <param name="key">A key file's key, or a token's.</param>
    /// <param name="wrap">
    /// The wrap; its identity is compared with the pinned one by the caller, who trusts nothing else of it before.
    /// </param>
    /// <param name="record">The record, which the identity named in it signed; owned by the caller, null on failure.</param>
    /// <exception cref="HsmException">The token that holds the key failed.</exception>
    public static WrapFailure TryOpen(IKeyAgreement key, SealedWrap wrap, out WrapRecord? record)
    {
        record = null;
        if (!wrap.Key.Bytes.Span.SequenceEqual(key.PublicKey))
        {
            return WrapFailure.WrongKey;
        }

        WrapRecord opened;
        try
        {
            opened = Take(Hpke.Open(key, wrap.Info(), [], wrap.Sealed.Span));
        }
        catch (SealedDataException)
        {
            return WrapFailure.Altered;
        }
        catch (MalformedException)
        {
            return WrapFailure.Malformed;
        }

        var failure = opened switch
        {
            _ when !opened.IsIn(wrap) => WrapFailure.WrongPlace,
            _ when !opened.IsSigned => WrapFailure.Forged,
            _ => WrapFailure.None,
        };
        if (failure != WrapFailure.None)
        {
            opened.Dispose();
            return failure;
        }

        record = opened;
        return WrapFailure.None;
    }

    /// <summary>Takes a record over from locked memory, as a node does that a customer sealed it to.</summary>
    /// <param name="record">The record with its signature; owned by the result, wiped when it is malformed.</param>
    /// <exception cref="MalformedException">It is no record of a wrap.</exception>
    public static WrapRecord Take(SecretBuffer record)
    {
        try
        {
            return new WrapRecord(record);
        }
        catch
        {
            record.Dispose();
            throw;
        }
    }

    /// <summary>The customer's secret.</summary>
    /// <param name="secret">Owned by the caller; the record stays as it is. Null on failure.</param>
    /// <returns>
    /// <see cref="WrapFailure.Forged"/> where <see cref="IsSigned"/> is false, <see cref="WrapFailure.WrongIdentity"/> where the secret
    /// is another's than the identity that the record names.
    /// </returns>
    public WrapFailure TryUnlock(out CustomerSecret? secret)
    {
        secret = null;
        if (!IsSigned)
        {
            return WrapFailure.Forged;
        }

        var taken = CustomerSecret.Take(SecretBuffer.CopyOf(Secret), Cluster, Customer, Epoch);
        if (!taken.Identity.Equals(Identity))
        {
            taken.Dispose();
            return WrapFailure.WrongIdentity;
        }

        secret = taken;
        return WrapFailure.None;
    }

    /// <summary>Seals the record to an incarnation that the customer has verified, as a custodian seals a share.</summary>
    /// <param name="incarnation">The incarnation's key.</param>
    /// <param name="acceptedHead"><see cref="CustodyInfo.AcceptedHead"/>.</param>
    /// <param name="random">The system's randomness.</param>
    public byte[] SealForUnlock(PublicKey incarnation, ReadOnlySpan<byte> acceptedHead, RandomFill random)
    {
        var info = CustodyInfo.WrapForUnlock(Cluster, Customer, Epoch, Way, Split, incarnation.Fingerprint);
        return Hpke.Seal(incarnation.Bytes.Span, info, acceptedHead, _record.Span, random);
    }

    /// <summary>The answer to a challenge of the node that made the wrap: 32 bytes, not secret.</summary>
    public byte[] Confirm(ReadOnlySpan<byte> challenge)
    {
        using var key = ConfirmationKey();
        return HMACSHA256.HashData(key.Span, challenge);
    }

    /// <summary>Answers a challenge with a signature. Shows that the way is there; nothing is unlocked by it.</summary>
    /// <returns>Null where the challenge is for another cluster, customer, epoch or way than the record.</returns>
    public byte[]? Prove(CustodyChallenge challenge)
    {
        if (challenge.Cluster != Cluster || challenge.Customer != Customer || challenge.Epoch != Epoch || challenge.Way != Way)
        {
            return null;
        }

        using var key = ProofKey();
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(challenge.Encode(), signature);
        return signature;
    }

    /// <summary>Wipes the record.</summary>
    public void Dispose() => _record.Dispose();

    private static WrapRecord Make(CustomerSecret secret, Name way, Id16 split)
    {
        // The secret is the last field, so everything before it is public and the record is completed in locked memory.
        var prefix = new EncWriter(Label)
            .Name(secret.Cluster).Name(secret.Customer).U32(secret.Epoch).Name(way).Id(split).Key(secret.Identity).ToArray();
        var length = secret.KeptLength;
        var buffer = SecretBuffer.Allocate(prefix.Length + 4 + length + PublicKey.SignatureLength);
        try
        {
            var span = buffer.Span;
            prefix.CopyTo(span);
            BinaryPrimitives.WriteUInt32BigEndian(span[prefix.Length..], (uint)length);
            secret.CopyKeptTo(span.Slice(prefix.Length + 4, length));
            secret.SignInto(span[..^PublicKey.SignatureLength], span[^PublicKey.SignatureLength..]);
            return new WrapRecord(buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private SecretBuffer ConfirmationKey()
    {
        var key = SecretBuffer.Allocate(HMACSHA256.HashSizeInBytes);
        try
        {
            Hkdf.Expand(Secret, CustodyInfo.WrapConfirmation(Cluster, Customer, Epoch, Way, Split, Identity), key.Span);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private P256PrivateKey ProofKey() =>
        CustodyProof.Key(Secret, CustodyInfo.WrapProof(Cluster, Customer, Epoch, Way, Split));

    private bool IsIn(SealedWrap wrap) =>
        Cluster == wrap.Cluster && Customer == wrap.Customer && Epoch == wrap.Epoch && Way == wrap.Way &&
        Split == wrap.Split && Identity.Equals(wrap.Identity);
}
