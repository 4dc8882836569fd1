using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Requests;

/// <summary>The id of a hand-off follows from the request and the agent, so that the same request never makes a second one.</summary>
public static class HandOffId
{
    /// <summary>The first 16 bytes of <c>SHA-256(enc("broker/hand-off/1", SHA-256(request), agent))</c>.</summary>
    public static Id16 Of(Digest request, Name agent)
    {
        Span<byte> bytes = stackalloc byte[Digest.Length];
        new EncWriter("broker/hand-off/1").Digest(request).Name(agent).Hash().CopyTo(bytes);
        return new Id16(bytes[..Id16.Length]);
    }

    /// <summary>
    /// Of a promotion: the first 16 bytes of <c>SHA-256(enc("broker/holder-hand-off/1", SHA-256(request), SHA-256(launch)))</c>.
    /// </summary>
    /// <param name="request">SHA-256 of the promotion's statement.</param>
    /// <param name="launch">The encoding of the <see cref="HolderLaunch"/>.</param>
    public static Id16 Of(Digest request, ReadOnlySpan<byte> launch)
    {
        Span<byte> bytes = stackalloc byte[Digest.Length];
        new EncWriter("broker/holder-hand-off/1").Digest(request).Digest(Digest.Of(launch)).Hash().CopyTo(bytes);
        return new Id16(bytes[..Id16.Length]);
    }
}
