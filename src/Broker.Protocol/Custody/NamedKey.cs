using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Custody;

/// <summary>A name and a public key: a custodian, the key of a wrap, or a first administrator.</summary>
/// <param name="Name">The name.</param>
/// <param name="Key">The key.</param>
public sealed record NamedKey(Name Name, PublicKey Key)
{
    internal static void Write(EncWriter writer, NamedKey value) => writer.Name(value.Name).Key(value.Key);

    internal static NamedKey Read(ref EncReader reader) => new(reader.Name(), reader.Key());
}
