using System.Buffers;
using System.Net.WebSockets;
using Broker.Links.Versions;
using Broker.Protocol.Encoding;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;

namespace Broker.Links.Agents;

/// <summary>
/// The agent link at either end: one protobuf <see cref="Frame"/> a binary WebSocket message. Any number of senders, one at a time on the
/// wire; one receiver. Frames hold ciphertext and public values only, so they need no locked memory.
/// </summary>
public sealed class FrameSocket : IFrameLink
{
    /// <summary>Bytes of a frame at most.</summary>
    public const int MaxFrameBytes = 5 * 1024 * 1024;

    /// <summary>Senders that may wait for the wire; each holds one frame in memory.</summary>
    public const int MaxWaitingSenders = 32;

    private const int FirstBufferBytes = 16 * 1024;
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly WebSocket _socket;
    private readonly IDisposable? _owned;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _wire = new(1, 1);
    private int _waiting;

    /// <summary>Takes an open WebSocket; disposes of it and of <paramref name="owned"/> at the end.</summary>
    public FrameSocket(WebSocket socket, TimeProvider time, IDisposable? owned = null)
    {
        _socket = socket;
        _time = time;
        _owned = owned;
    }

    /// <summary>What the other end speaks: see <see cref="LinkVersion"/>.</summary>
    public uint Version { get; init; } = LinkVersion.Current;

    /// <summary>Sends one frame. When it returns, the frame is with the operating system, not yet with the other end.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="cancellationToken">Gives up; a send that had begun ends the link.</param>
    /// <exception cref="AgentLinkException">The frame is too large, too many wait, or the link is lost.</exception>
    public async Task SendAsync(Frame frame, CancellationToken cancellationToken)
    {
        var size = frame.CalculateSize();
        if (size > MaxFrameBytes)
            throw new AgentLinkException(AgentLinkException.TooLarge, $"a frame has at most {MaxFrameBytes} bytes");
        if (Interlocked.Increment(ref _waiting) > MaxWaitingSenders)
        {
            Interlocked.Decrement(ref _waiting);
            throw new AgentLinkException(AgentLinkException.Busy, "the other end does not read");
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(size, 1));
        try
        {
            frame.WriteTo(buffer.AsSpan(0, size));
            await _wire.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await _socket.SendAsync(buffer.AsMemory(0, size), WebSocketMessageType.Binary, true, cancellationToken)
                    .ConfigureAwait(false);
            }
            finally
            {
                _wire.Release();
            }
        }
        catch (Exception e) when (IsLoss(e, cancellationToken))
        {
            throw new AgentLinkException(AgentLinkException.Lost, "the link was lost while sending", e);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Receives the next frame.</summary>
    /// <param name="cancellationToken">Gives up, and ends the link.</param>
    /// <returns>The frame, never without a kind; null when the other end closed in good order.</returns>
    /// <exception cref="AgentLinkException">The message is not a frame (the link is closed then), or the link is lost.</exception>
    public async Task<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        byte[]? buffer = null;
        try
        {
            // An idle link holds no buffer.
            var result = await _socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            if (result.MessageType == WebSocketMessageType.Close)
                return null;
            buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
            var length = 0;
            while (result.MessageType == WebSocketMessageType.Binary && !result.EndOfMessage)
            {
                if (length == MaxFrameBytes)
                    throw await RefuseAsync(AgentLinkException.TooLarge, WebSocketCloseStatus.MessageTooBig).ConfigureAwait(false);
                if (length == buffer.Length)
                    Grow(ref buffer, length);
                var room = Math.Min(buffer.Length, MaxFrameBytes) - length;
                result = await _socket.ReceiveAsync(buffer.AsMemory(length, room), cancellationToken).ConfigureAwait(false);
                length += result.Count;
            }

            return result.MessageType switch
            {
                WebSocketMessageType.Close => null,
                WebSocketMessageType.Binary when Parse(buffer.AsSpan(0, length)) is { KindCase: not Frame.KindOneofCase.None } frame =>
                    frame,
                _ => throw await RefuseAsync(AgentLinkException.Malformed, WebSocketCloseStatus.InvalidPayloadData).ConfigureAwait(false),
            };
        }
        catch (Exception e) when (IsLoss(e, cancellationToken))
        {
            throw new AgentLinkException(AgentLinkException.Lost, "the link was lost", e);
        }
        finally
        {
            if (buffer is not null)
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Says goodbye with a code and closes; does not wait for the other end longer than a few seconds, and never fails.</summary>
    /// <param name="code">A stable code for the other end.</param>
    public Task CloseAsync(string code) => CloseAsync(code, WebSocketCloseStatus.NormalClosure);

    private async Task CloseAsync(string code, WebSocketCloseStatus status)
    {
        using var deadline = new CancellationTokenSource(CloseTimeout, _time);
        try
        {
            await SendAsync(new Frame { Goodbye = new Goodbye { Code = code } }, deadline.Token).ConfigureAwait(false);
            await _socket.CloseOutputAsync(status, code, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AgentLinkException or OperationCanceledException || IsLoss(e, deadline.Token))
        {
            _socket.Abort();
        }
    }

    /// <summary>Ends the link at once where it was not closed.</summary>
    public void Dispose()
    {
        _socket.Dispose();
        _owned?.Dispose();
        _wire.Dispose();
    }

    // A WebSocket that no pong reaches aborts itself, and tells it as a cancellation that nobody asked for.
    private static bool IsLoss(Exception e, CancellationToken asked) =>
        e is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException ||
        (e is OperationCanceledException && !asked.IsCancellationRequested);

    private static Frame? Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return WireReader.Read(Frame.Parser, bytes);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(2 * buffer.Length, MaxFrameBytes));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    private async Task<AgentLinkException> RefuseAsync(string code, WebSocketCloseStatus status)
    {
        await CloseAsync(code, status).ConfigureAwait(false);
        return new AgentLinkException(code, "the other end sent what is not a frame of this link");
    }
}
