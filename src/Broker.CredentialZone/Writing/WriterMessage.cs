using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Writing;

/// <summary>What the writer is told.</summary>
internal abstract record WriterMessage
{
    private WriterMessage()
    {
    }

    /// <summary>Commit an operation with the next batch. One that is dropped on the way ends as failed, so nobody waits for it.</summary>
    /// <param name="operation">The operation.</param>
    public sealed record Submit(StoreOperation operation) : WriterMessage, IDisposable
    {
        private StoreOperation? _operation = operation;

        /// <summary>Takes the operation over.</summary>
        public StoreOperation Take() => Interlocked.Exchange(ref _operation, null) ?? throw new InvalidOperationException("taken before");

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Exchange(ref _operation, null)?.Fail(new StoreException("the zone is stopping; nothing was done"));
    }

    /// <summary>The batch in flight has ended, one way or the other; its operations know how.</summary>
    public sealed record Committed : WriterMessage;

    /// <summary>A minute has passed.</summary>
    public sealed record Minute : WriterMessage;
}
