using System.Buffers.Binary;

namespace Broker.EndToEnd.Tests.Links;

/// <summary>The payloads of a recorded WebSocket client (RFC 6455): masked, so that their bytes on the wire say nothing.</summary>
internal static class WebSocketFrames
{
    /// <summary>Skips the upgrade and takes the mask off every whole frame.</summary>
    public static byte[] Unmask(byte[] recorded)
    {
        var at = recorded.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        var output = new List<byte>();
        while (at >= 4 && at + 6 <= recorded.Length)
        {
            var frame = recorded.AsSpan(at);
            var masked = (frame[1] & 0x80) != 0;
            var (length, header) = (frame[1] & 0x7F) switch
            {
                126 => (BinaryPrimitives.ReadUInt16BigEndian(frame[2..]), 4),
                127 => ((int)BinaryPrimitives.ReadUInt64BigEndian(frame[2..]), 10),
                var small => (small, 2),
            };
            var begin = header + (masked ? 4 : 0);
            if (begin + length > frame.Length)
                break;
            for (var i = 0; i < length; i++)
                output.Add(masked ? (byte)(frame[begin + i] ^ frame[header + (i & 3)]) : frame[begin + i]);
            at += begin + length;
        }

        return [.. output];
    }
}
