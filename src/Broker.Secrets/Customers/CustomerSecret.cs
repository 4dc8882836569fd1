using System.Buffers.Binary;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Secrets;

/// <summary>
/// A customer's secret K_e of one epoch and the scalars of the key pairs derived from it, all in locked memory. It signs, opens
/// uploads and gives row keys; it never gives out itself, but as shares and wraps. One owner: the actor of the customer's key.
/// </summary>
public sealed class CustomerSecret : IDisposable
{
    /// <summary>Bytes of K_e.</summary>
    public const int Length = 32;

    private const int RowKeyInfo = 4 + 16 + 4 + StoredRow.SaltLength;

    private readonly SecretBuffer _secret;
    private readonly SecretBuffer _identity;
    private readonly SecretBuffer _intake;
    private readonly byte[] _identityPoint;
    private readonly byte[] _intakePoint;

    private CustomerSecret(SecretBuffer secret, Name cluster, Name customer, uint epoch)
    {
        Cluster = cluster;
        Customer = customer;
        Epoch = epoch;
        _secret = secret;
        SecretBuffer? identity = null, intake = null;
        try
        {
            identity = DeriveScalar("broker/identity/1");
            intake = DeriveScalar("broker/intake/1");
            _identityPoint = PointOf(identity);
            _intakePoint = PointOf(intake);
            Identity = PublicKey.Parse(_identityPoint);
            Intake = PublicKey.Parse(_intakePoint);
            (_identity, _intake) = (identity, intake);
        }
        catch
        {
            identity?.Dispose();
            intake?.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that the derivation of a row key works in.</summary>
    internal static int RowKeyBlocks => Hkdf.BlocksSize(RowKeyInfo);

    private static ReadOnlySpan<byte> RowKeyLabel => "broker/row-key/1"u8;

    /// <summary>The installation.</summary>
    public Name Cluster { get; }

    /// <summary>The customer.</summary>
    public Name Customer { get; }

    /// <summary>The epoch, from 1.</summary>
    public uint Epoch { get; }

    /// <summary>The key that signs the customer's statements.</summary>
    public PublicKey Identity { get; }

    /// <summary>The key to which consoles seal uploads.</summary>
    public PublicKey Intake { get; }

    /// <summary>
    /// The secret of the epoch before, while rows of it are left; owned by this one. Custody keeps both together, so that each way
    /// unlocks both, and neither is wrapped under the other beside the rows.
    /// </summary>
    public CustomerSecret? Predecessor { get; private set; }

    /// <summary>Buffers of locked memory that this owns.</summary>
    public int Secrets => 3 + (Predecessor?.Secrets ?? 0);

    /// <summary>Bytes that custody keeps: K_e, and after it that of the epoch before where it is still needed.</summary>
    internal int KeptLength => Predecessor is null ? Length : 2 * Length;

    /// <summary>Makes a new secret.</summary>
    public static CustomerSecret Create(Name cluster, Name customer, uint epoch, RandomFill random)
    {
        var secret = SecretBuffer.Allocate(Length);
        try
        {
            random(secret.Span);
            return new CustomerSecret(secret, cluster, customer, epoch);
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary>Makes the secret of the next epoch. It has a copy of this one as its <see cref="Predecessor"/>.</summary>
    /// <exception cref="InvalidOperationException">This one has a predecessor itself: its rotation is not finished.</exception>
    public CustomerSecret Succeed(RandomFill random)
    {
        if (Predecessor is not null)
        {
            throw new InvalidOperationException("the secret of the epoch before is still needed");
        }

        var next = Create(Cluster, Customer, checked(Epoch + 1), random);
        try
        {
            next.Predecessor = Take(SecretBuffer.CopyOf(_secret.Span), Cluster, Customer, Epoch);
            return next;
        }
        catch
        {
            next.Dispose();
            throw;
        }
    }

    /// <summary>Takes over the secret of the epoch before, as it comes from another holder.</summary>
    /// <param name="predecessor">Owned by this from here on; stays the caller's where this fails.</param>
    /// <exception cref="ArgumentException">It is not of the epoch before of the same customer.</exception>
    /// <exception cref="InvalidOperationException">There is one already.</exception>
    public void Adopt(CustomerSecret predecessor)
    {
        if (predecessor.Cluster != Cluster || predecessor.Customer != Customer || predecessor.Epoch + 1 != Epoch ||
            predecessor.Predecessor is not null)
        {
            throw new ArgumentException("the secret is not of the epoch before", nameof(predecessor));
        }

        if (Predecessor is not null)
        {
            throw new InvalidOperationException("the secret of the epoch before is there already");
        }

        Predecessor = predecessor;
    }

    /// <summary>Wipes the secret of the epoch before: no row of it is left.</summary>
    public void ForgetPredecessor()
    {
        Predecessor?.Dispose();
        Predecessor = null;
    }

    /// <summary>Takes a secret over that shares were combined to, or that a wrap held.</summary>
    /// <param name="secret">
    /// 32 bytes, or 64 where the epoch before is kept too; owned by the result from here on, wiped when this fails.
    /// </param>
    /// <param name="cluster">The installation.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="epoch">The epoch.</param>
    public static CustomerSecret Take(SecretBuffer secret, Name cluster, Name customer, uint epoch)
    {
        try
        {
            return secret.Length switch
            {
                Length => new CustomerSecret(secret, cluster, customer, epoch),
                2 * Length when epoch > 1 => TakeBoth(secret, cluster, customer, epoch),
                _ => throw new ArgumentException("a customer's secret is 32 bytes, or 64 with that of the epoch before", nameof(secret)),
            };
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary>Signs a statement with the identity key. The key is in the crypto library only for the time of this call.</summary>
    public Signed Sign<T>(T statement)
        where T : IStatement<T> => Sign(statement.Encode());

    /// <summary>Signs an encoding with the identity key.</summary>
    public Signed Sign(byte[] encoding)
    {
        var signature = new byte[PublicKey.SignatureLength];
        using var key = P256PrivateKey.FromScalar(_identity.Span, _identityPoint);
        key.Sign(encoding, signature);
        return new Signed(encoding, signature);
    }

    /// <summary>Opens what a console sealed to the intake key.</summary>
    /// <param name="info">HPKE info of the upload.</param>
    /// <param name="associatedData">What the user bound the upload to.</param>
    /// <param name="upload">Encapsulation ‖ ciphertext ‖ tag.</param>
    /// <returns>The credential, owned by the caller.</returns>
    /// <exception cref="SealedDataException">It was sealed to another key, bound to something else, or altered.</exception>
    public SecretBuffer OpenUpload(ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> upload)
    {
        using var key = P256PrivateKey.FromScalar(_intake.Span, _intakePoint);
        return Hpke.Open(key, info, associatedData, upload);
    }

    /// <summary>Splits what custody keeps for custodians; the shares are owned by the caller.</summary>
    public SecretBuffer[] Split(int threshold, int count, RandomFill random)
    {
        using var kept = SecretBuffer.Allocate(KeptLength);
        CopyKeptTo(kept.Span);
        return Shamir.Split(kept.Span, threshold, count, random);
    }

    /// <summary>Wipes the secret and all that was derived from it.</summary>
    public void Dispose()
    {
        _secret.Dispose();
        _identity.Dispose();
        _intake.Dispose();
        ForgetPredecessor();
    }

    /// <summary>Writes <c>rk ‖ commit = Expand(K_e, enc("broker/row-key/1", salt), 64)</c> into locked memory of the caller.</summary>
    internal void RowKey(ReadOnlySpan<byte> salt, Span<byte> keyAndCommitment) =>
        Hkdf.Expand(_secret.Span, new EncWriter("broker/row-key/1").Bytes(salt).ToArray(), keyAndCommitment);

    /// <summary>Hashes K_e into locked memory of the caller, <see cref="HmacKey.Size"/> zero bytes, for many row keys.</summary>
    internal void BeginRowKeys(Span<byte> memory) => _ = new HmacKey(_secret.Span, memory);

    /// <summary>As <see cref="RowKey(ReadOnlySpan{byte}, Span{byte})"/>, with what <see cref="BeginRowKeys"/> wrote.</summary>
    /// <param name="salt">32 bytes.</param>
    /// <param name="keyAndCommitment">Receives 64 bytes.</param>
    /// <param name="memory">What was begun.</param>
    /// <param name="blocks">Locked, <see cref="RowKeyBlocks"/> bytes; what it holds is overwritten.</param>
    internal void RowKey(ReadOnlySpan<byte> salt, Span<byte> keyAndCommitment, Span<byte> memory, Span<byte> blocks)
    {
        Span<byte> info = stackalloc byte[RowKeyInfo];
        BinaryPrimitives.WriteUInt32BigEndian(info, (uint)RowKeyLabel.Length);
        RowKeyLabel.CopyTo(info[4..]);
        BinaryPrimitives.WriteUInt32BigEndian(info[(4 + RowKeyLabel.Length)..], StoredRow.SaltLength);
        salt.CopyTo(info[^StoredRow.SaltLength..]);
        if (SimulatedSecrets.Current?.Expands(_secret.Span, info, keyAndCommitment) != true)
            Hkdf.Expand(HmacKey.In(memory), info, keyAndCommitment, blocks);
    }

    /// <summary>Writes K_e, 32 bytes, into locked memory that the caller seals.</summary>
    internal void CopyTo(Span<byte> destination) => _secret.Span.CopyTo(destination);

    /// <summary>Writes what custody keeps, <see cref="KeptLength"/> bytes, into locked memory that the caller seals.</summary>
    internal void CopyKeptTo(Span<byte> destination)
    {
        CopyTo(destination);
        Predecessor?.CopyTo(destination[Length..]);
    }

    /// <summary>Signs bytes that are themselves secret, in place.</summary>
    internal void SignInto(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        using var key = P256PrivateKey.FromScalar(_identity.Span, _identityPoint);
        key.Sign(message, signature);
    }

    private static CustomerSecret TakeBoth(SecretBuffer both, Name cluster, Name customer, uint epoch)
    {
        using (both)
        {
            var taken = Take(SecretBuffer.CopyOf(both.Span[..Length]), cluster, customer, epoch);
            try
            {
                taken.Predecessor = Take(SecretBuffer.CopyOf(both.Span[Length..]), cluster, customer, epoch - 1);
                return taken;
            }
            catch
            {
                taken.Dispose();
                throw;
            }
        }
    }

    private static byte[] PointOf(SecretBuffer scalar)
    {
        using var key = P256PrivateKey.FromScalar(scalar);
        return key.PublicKey;
    }

    private SecretBuffer DeriveScalar(string label)
    {
        using var material = SecretBuffer.Allocate(32);
        var info = new EncWriter(label).Name(Cluster).Name(Customer).U32(Epoch).ToArray();
        Hkdf.Expand(_secret.Span, info, material.Span);
        return P256Scalar.Derive(material.Span);
    }
}
