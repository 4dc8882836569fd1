namespace Broker.Actors;

/// <summary>
/// What a message carries and owns. A message with one is itself <see cref="IDisposable"/> and disposes it; the handler that wants to keep
/// the content says so by <see cref="Take"/>, after which disposing the message does nothing to it.
/// </summary>
/// <typeparam name="T">The content's type.</typeparam>
/// <param name="content">Owned by this object from here on.</param>
public sealed class Cargo<T>(T content) : IDisposable where T : class, IDisposable
{
    private T? _content = content ?? throw new ArgumentNullException(nameof(content));

    /// <summary>Whether the content has been taken or disposed.</summary>
    public bool IsEmpty => Volatile.Read(ref _content) is null;

    /// <summary>The content, to look at: it stays owned by this object, and is gone with the message.</summary>
    /// <exception cref="ObjectDisposedException">It has been taken or disposed.</exception>
    public T Peek => Volatile.Read(ref _content) ?? throw new ObjectDisposedException(null, "the cargo has been taken or disposed");

    /// <summary>Takes the content over: the caller disposes it. One caller wins.</summary>
    /// <exception cref="ObjectDisposedException">It has been taken or disposed.</exception>
    public T Take() =>
        Interlocked.Exchange(ref _content, null) ?? throw new ObjectDisposedException(null, "the cargo has been taken or disposed");

    /// <summary>Disposes the content unless it has been taken. Again does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _content, null)?.Dispose();

    /// <summary>The type only.</summary>
    public override string ToString() => $"cargo of {typeof(T).Name}{(IsEmpty ? ", taken or disposed" : "")}";
}
