using System.Security.Cryptography;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Tests.Support;

/// <summary>A signing key that follows from its name, so that baselines do not change from run to run.</summary>
internal sealed class TestKey
{
    private readonly ECDsa _ecdsa;

    private TestKey(string name)
    {
        // A SHA-256 value is below the order of P-256 but for one in 2^32; the names in use are.
        _ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("broker test key " + name)),
        });
        Public = PublicKey.From(_ecdsa);
    }

    public static TestKey Alice { get; } = new("alice");

    public static TestKey Bob { get; } = new("bob");

    public static TestKey Carol { get; } = new("carol");

    public static TestKey Dave { get; } = new("dave");

    public static TestKey Ledger { get; } = new("ledger");

    public static IReadOnlyList<TestKey> All { get; } = [Alice, Bob, Carol, Dave, Ledger];

    public PublicKey Public { get; }

    public byte[] Sign(ReadOnlySpan<byte> message) => _ecdsa.SignData(message, HashAlgorithmName.SHA256);

    public Signed Sign<T>(IStatement<T> statement)
        where T : IStatement<T>
    {
        var bytes = statement.Encode();
        return new Signed(bytes, Sign(bytes));
    }
}
