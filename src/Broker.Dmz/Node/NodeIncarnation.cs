using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Node;

/// <summary>This start of the node: a key made in locked memory, announced in a statement signed by the node's certificate key.</summary>
internal sealed class NodeIncarnation : IDisposable
{
    private readonly SecretBuffer _scalar;

    private NodeIncarnation(SecretBuffer scalar, PublicKey key, Signed statement, IReadOnlyList<byte[]> certificates)
    {
        _scalar = scalar;
        Key = key;
        Statement = statement;
        Certificates = certificates;
    }

    /// <summary>The public key, to which custodians seal shares.</summary>
    public PublicKey Key { get; }

    /// <summary>The <see cref="Incarnation"/> signed by the node's key.</summary>
    public Signed Statement { get; }

    /// <summary>DER of the node's certificate and what leads to the root.</summary>
    public IReadOnlyList<byte[]> Certificates { get; }

    /// <summary>Makes the key and has the node's key sign for it.</summary>
    public static NodeIncarnation Make(
        Name cluster, Name node, Digest binary, DateTimeOffset now, Func<byte[], byte[]> sign, IReadOnlyList<byte[]> certificates,
        RandomFill random)
    {
        var scalar = P256Scalar.Generate(random);
        try
        {
            using var key = P256PrivateKey.FromScalar(scalar);
            var publicKey = PublicKey.Parse(key.PublicKey);
            var statement = new Incarnation(cluster, node, publicKey, binary, now).Encode();
            return new NodeIncarnation(scalar, publicKey, new Signed(statement, sign(statement)), certificates);
        }
        catch
        {
            scalar.Dispose();
            throw;
        }
    }

    /// <summary>Opens what a custodian sealed to this incarnation.</summary>
    /// <returns>The plaintext, owned by the caller.</returns>
    /// <exception cref="SealedDataException">It was sealed to another incarnation or bound to something else.</exception>
    public SecretBuffer Open(ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedData)
    {
        using var key = P256PrivateKey.FromScalar(_scalar);
        return Hpke.Open(key, info, associatedData, sealedData);
    }

    /// <summary>Signs as this incarnation: what nobody can who has the node's certificate and key file alone.</summary>
    /// <returns>64 bytes r ‖ s.</returns>
    public byte[] Sign(ReadOnlySpan<byte> statement)
    {
        using var key = P256PrivateKey.FromScalar(_scalar);
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(statement, signature);
        return signature;
    }

    public void Dispose() => _scalar.Dispose();
}
