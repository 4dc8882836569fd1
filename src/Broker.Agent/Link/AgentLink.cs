using System.Net.WebSockets;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;

namespace Broker.Agent.Link;

/// <summary>
/// One WebSocket to a DMZ node: binary messages, one <see cref="Frame"/> each, of at most 5 MiB. What it carries is sealed or public,
/// so its buffers are managed. One receiver and one sender at a time.
/// </summary>
internal sealed class AgentLink(WebSocket socket, TimeProvider time, TimeSpan sendTimeout) : IDisposable
{
    /// <summary>Most bytes of a frame.</summary>
    internal const int MaxFrame = 5 << 20;

    private const int FirstBuffer = 16 << 10;

    private byte[] _buffer = new byte[FirstBuffer];

    /// <summary>The next frame.</summary>
    /// <exception cref="LinkLostException">The link has ended, or carried something that is not a frame.</exception>
    internal async Task<Frame> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            for (var length = 0; ;)
            {
                var received = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellation).ConfigureAwait(false);
                length += received.Count;
                if (received.MessageType != WebSocketMessageType.Binary)
                    throw new LinkLostException(received.MessageType == WebSocketMessageType.Close ? "link-closed" : "frame-malformed");
                if (received.EndOfMessage)
                    return Frame.Parser.ParseFrom(_buffer, 0, length);
                if (length == _buffer.Length)
                    Grow();
            }
        }
        catch (InvalidProtocolBufferException)
        {
            throw new LinkLostException("frame-malformed");
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            throw new LinkLostException("link-lost", e);
        }
    }

    /// <summary>Sends a frame.</summary>
    /// <exception cref="LinkLostException">The link has ended, or did not take the frame in time.</exception>
    internal async Task SendAsync(Frame frame)
    {
        using var late = new CancellationTokenSource(sendTimeout, time);
        try
        {
            await socket.SendAsync(frame.ToByteArray(), WebSocketMessageType.Binary, endOfMessage: true, late.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException)
        {
            throw new LinkLostException("link-lost", e);
        }
    }

    /// <summary>Says why the link ends, as far as the other end still listens, and ends it.</summary>
    internal async Task SayGoodbyeAsync(string code)
    {
        try
        {
            await SendAsync(new Frame { Goodbye = new Goodbye { Code = code } }).ConfigureAwait(false);
            using var late = new CancellationTokenSource(sendTimeout, time);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, code, late.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is LinkLostException or WebSocketException or IOException or OperationCanceledException
            or ObjectDisposedException or InvalidOperationException)
        {
            // It ended by itself.
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose() => socket.Dispose();

    private void Grow()
    {
        if (_buffer.Length >= MaxFrame)
            throw new LinkLostException("frame-oversized");

        Array.Resize(ref _buffer, Math.Min(2 * _buffer.Length, MaxFrame));
    }
}
