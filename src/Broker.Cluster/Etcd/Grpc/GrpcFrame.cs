using System.Buffers.Binary;
using Google.Protobuf;

namespace Broker.Cluster.Etcd.Grpc;

/// <summary>gRPC's framing of a message: a byte that says "not compressed", the length in four bytes, big-endian, the message.</summary>
internal static class GrpcFrame
{
    public const int HeaderLength = 5;

    /// <summary>One message as a frame.</summary>
    public static byte[] Write(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[HeaderLength + size];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)size);
        message.WriteTo(frame.AsSpan(HeaderLength));
        return frame;
    }

    /// <summary>The next message's bytes, or null at the end of the stream.</summary>
    /// <param name="stream">Where frames come from.</param>
    /// <param name="max">Longer messages are not read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="EtcdException">The message is too long, or compressed although nobody offered that.</exception>
    /// <exception cref="IOException">The stream ends inside a frame, or breaks.</exception>
    public static async ValueTask<byte[]?> ReadAsync(Stream stream, int max, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderLength];
        var read = await stream.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read == 0)
            return null;
        if (read < HeaderLength)
            throw new EndOfStreamException("the stream ended inside a frame");
        if (header[0] != 0)
            throw new EtcdException(EtcdFailure.Malformed, mayHaveHappened: true, "etcd sent a compressed message that nobody asked for");
        var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
        if (length > (uint)max)
            throw new EtcdException(EtcdFailure.TooLarge, mayHaveHappened: true, $"etcd sent a message of more than {max} bytes");
        var message = new byte[length];
        await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
        return message;
    }
}
