using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Secrets;

/// <summary>
/// The key of a drained node's tickets: made by the predecessor in locked memory, passed to the successor in a memfd, never to a holder.
/// </summary>
public sealed class TicketKey : IDisposable
{
    private readonly SecretBuffer _scalar;

    private TicketKey(SecretBuffer scalar)
    {
        _scalar = scalar;
        using var key = P256PrivateKey.FromScalar(scalar);
        Public = PublicKey.Parse(key.PublicKey);
    }

    /// <summary>The public half, which tickets name.</summary>
    public PublicKey Public { get; }

    /// <summary>Makes a key.</summary>
    public static TicketKey Generate(RandomFill random) => Take(P256Scalar.Generate(random));

    /// <summary>Takes a scalar over.</summary>
    /// <param name="scalar">32 bytes; owned by the result, wiped when it is no scalar of P-256.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The bytes are no scalar of P-256.</exception>
    public static TicketKey Take(SecretBuffer scalar)
    {
        try
        {
            return new TicketKey(scalar);
        }
        catch
        {
            scalar.Dispose();
            throw;
        }
    }

    /// <summary>Signs the request with which a ticket is presented.</summary>
    /// <returns>64 bytes r ‖ s.</returns>
    public byte[] Sign(Signed request)
    {
        using var key = P256PrivateKey.FromScalar(_scalar);
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(request.Statement.Span, signature);
        return signature;
    }

    /// <summary>Wipes the key.</summary>
    public void Dispose() => _scalar.Dispose();

    internal ReadOnlySpan<byte> Scalar => _scalar.Span;
}
