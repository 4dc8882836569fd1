using System.Security.Cryptography;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Tests.Support;

/// <summary>A signing key of a user, a token, or of somebody who would like to be one.</summary>
internal sealed class SignerKey
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public SignerKey() => Key = PublicKey.From(_key);

    public PublicKey Key { get; }

    public byte[] Sign(ReadOnlySpan<byte> message) => _key.SignData(message, HashAlgorithmName.SHA256);

    public Signed Sign<T>(T statement)
        where T : IStatement<T>
    {
        var bytes = statement.Encode();
        return new Signed(bytes, Sign(bytes));
    }
}
