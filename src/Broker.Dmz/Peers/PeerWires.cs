using Broker.Protocol.Statements;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Peers;

/// <summary>Signed statements on the peer link.</summary>
internal static class PeerWires
{
    public static Wire.Signed To(Signed signed) => new()
    {
        Statement = UnsafeByteOperations.UnsafeWrap(signed.Statement),
        Signature = UnsafeByteOperations.UnsafeWrap(signed.Signature),
    };

    public static Signed From(Wire.Signed? signed) =>
        signed is null ? new Signed(default, default) : new Signed(signed.Statement.Memory, signed.Signature.Memory);

    public static IReadOnlyList<ReadOnlyMemory<byte>> Certificates(RepeatedField<ByteString> chain) => [.. chain.Select(c => c.Memory)];
}
