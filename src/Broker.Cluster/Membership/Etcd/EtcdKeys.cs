using System.Text;
using Broker.Protocol.Identifiers;
using Google.Protobuf;

namespace Broker.Cluster.Etcd;

/// <summary>The keys of one cluster. Names have no slash, so no two things share a key.</summary>
/// <param name="cluster">The installation's id.</param>
internal sealed class EtcdKeys(Name cluster)
{
    /// <summary>Begins the keys of all members.</summary>
    public ByteString Members { get; } = Key($"/broker/{cluster}/members/");

    /// <summary>The key of a node.</summary>
    public ByteString Member(Name node) => Key($"/broker/{cluster}/members/{node}");

    /// <summary>The key of an agent.</summary>
    public ByteString Agent(Name customer, Name agent) => Key($"/broker/{cluster}/agents/{customer}/{agent}");

    /// <summary>The first key behind all that begin with a prefix. Prefixes here end with a slash.</summary>
    public static ByteString EndOf(ByteString prefix)
    {
        var end = prefix.ToByteArray();
        end[^1]++;
        return ByteString.CopyFrom(end);
    }

    /// <summary>The name behind a prefix; false where the key is none of the form.</summary>
    public static bool TryName(ByteString key, ByteString prefix, out Name name)
    {
        name = default;
        return key.Span.StartsWith(prefix.Span) && key.Length - prefix.Length <= Name.MaxLength &&
            Name.TryParse(Encoding.Latin1.GetString(key.Span[prefix.Length..]), out name);
    }

    private static ByteString Key(string text) => ByteString.CopyFromUtf8(text);
}
