using System.Diagnostics.CodeAnalysis;
using Broker.Cluster.Etcd.Entries;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire;
using Google.Protobuf;

namespace Broker.Cluster.Etcd;

/// <summary>
/// A member as it stands in etcd. Reading is strict: whoever writes there can send a node to a wrong address, where nobody has the right
/// certificate, and nothing of what it says is shown or used before it has the form.
/// </summary>
internal static class MemberEntries
{
    public const int MaxBytes = 1024;

    private const uint Format = 1;
    private const int MaxAddress = 300;
    private const int MaxVersion = 64;

    public static ByteString Write(Member member) => new MemberEntry
    {
        Format = Format,
        Address = member.Address.AbsoluteUri,
        Incarnation = ByteString.CopyFrom(member.Incarnation.ToArray()),
        Version = member.Version,
    }.ToByteString();

    /// <summary>Reads a member; false where the value is none.</summary>
    /// <param name="node">The node that the key names.</param>
    /// <param name="value">The value under it.</param>
    /// <param name="member">The member.</param>
    public static bool TryRead(Name node, ByteString value, [NotNullWhen(true)] out Member? member)
    {
        member = null;
        if (value.Length > MaxBytes)
            return false;
        try
        {
            var entry = WireReader.Read(MemberEntry.Parser, value.Span);
            if (entry.Format != Format || entry.Incarnation.Length != Digest.Length || !IsPlain(entry.Version) ||
                !TryAddress(entry.Address, out var address))
                return false;
            member = new Member(node, address, new Digest(entry.Incarnation.Span), entry.Version);
            return true;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    /// <summary>Whether a member can be written so that others read it.</summary>
    public static bool IsValid(Member member) => TryRead(member.Node, Write(member), out var same) && same == member;

    // An https origin and nothing else: no user, no path, no query, so that nothing but a connection can be asked of it.
    private static bool TryAddress(string text, [NotNullWhen(true)] out Uri? address)
    {
        address = null;
        if (text.Length > MaxAddress || !text.All(char.IsAscii) || !Uri.TryCreate(text, UriKind.Absolute, out var uri) ||
            uri.Scheme != Uri.UriSchemeHttps || uri.UserInfo.Length > 0 || uri.PathAndQuery != "/" || uri.Fragment.Length > 0 ||
            uri.Host.Length == 0 || uri.Port <= 0)
            return false;
        address = uri;
        return true;
    }

    private static bool IsPlain(string version) =>
        version.Length is > 0 and <= MaxVersion && version.All(static c => c is > ' ' and <= '~');
}
