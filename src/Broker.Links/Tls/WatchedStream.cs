namespace Broker.Links.Tls;

/// <summary>
/// A connection that tells when the other end is gone: its end, or an error, is read, or nothing can be written any more. Whoever closes it
/// at this end is told nothing. A client of HTTP/2 reads all the time, so that the death of a process at the other end is known before
/// anybody calls it again; where it was about to write, it meets the error there, and closes before it has read it.
/// </summary>
/// <param name="inner">The connection; disposed with this.</param>
/// <param name="lost">Told once, on the reading thread.</param>
internal sealed class WatchedStream(Stream inner, Action lost) : Stream
{
    private int _told;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0 && buffer.Length > 0)
                Tell();
            return read;
        }
        catch (IOException)
        {
            Tell();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        WatchAsync(inner.WriteAsync(buffer, cancellationToken));

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        WatchAsync(new ValueTask(inner.FlushAsync(cancellationToken))).AsTask();

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Interlocked.Exchange(ref _told, 1);
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask WatchAsync(ValueTask writing)
    {
        try
        {
            await writing.ConfigureAwait(false);
        }
        catch (IOException)
        {
            Tell();
            throw;
        }
    }

    private void Tell()
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
            lost();
    }
}
