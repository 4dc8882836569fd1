using Broker.CredentialZone.Engine;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>
/// One change of the store, with its own end. Any number of them share a group commit; each is atomic for itself, and ends
/// only after the commit did.
/// </summary>
internal abstract class StoreOperation
{
    /// <summary>Whose it is, or null: what may wait is shared fairly among customers.</summary>
    public virtual Name? Customer => null;

    /// <summary>Whether it carries statements that the customer's identity key signed.</summary>
    public virtual bool IsSignedByCustomer => false;

    /// <summary>
    /// Checks the signatures ahead of the commit, on the caller's thread: what was verified under this key is not verified again
    /// while others wait. It never decides: inside the commit the key that counts is the customer's then.
    /// </summary>
    public virtual void Verify(PublicKey identity)
    {
    }

    /// <summary>
    /// The chains that it may touch, where other nodes write to the database too: customers by their names, and the cluster's. Asked once
    /// before each transaction in which it runs.
    /// </summary>
    /// <param name="context">The batch, at its beginning.</param>
    public virtual IEnumerable<string> Locks(WriteContext context) => Customer is { } customer ? [customer.Value] : [];

    /// <summary>
    /// Checks and stages the change; a refusal leaves nothing. It may run again when the transaction was taken back, and then begins
    /// anew.
    /// </summary>
    public abstract StoreRefusal? Run(WriteContext context);

    /// <summary>Ends it as done; the commit is durable and the blocks have their receipts.</summary>
    public abstract void Complete();

    /// <summary>Ends it as refused.</summary>
    public abstract void Refuse(StoreRefusal refusal);

    /// <summary>Ends it as failed: a <see cref="StoreException"/> or an <see cref="UnknownCommitException"/>.</summary>
    public abstract void Fail(Exception fault);
}

/// <summary>An operation that returns something.</summary>
/// <typeparam name="T">What it returns.</typeparam>
internal abstract class StoreOperation<T> : StoreOperation
{
    private readonly TaskCompletionSource<StoreResult<T>> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The end: done, refused, or a fault.</summary>
    public Task<StoreResult<T>> Result => _end.Task;

    /// <inheritdoc/>
    public sealed override void Complete()
    {
        try
        {
            _end.TrySetResult(new StoreResult<T>.Done(Finish()));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The commit is durable; only its report failed.
            _end.TrySetException(new UnknownCommitException("the operation was committed, its result could not be made", fault));
        }
    }

    /// <inheritdoc/>
    public sealed override void Refuse(StoreRefusal refusal) => _end.TrySetResult(new StoreResult<T>.Refused(refusal));

    /// <inheritdoc/>
    public sealed override void Fail(Exception fault) => _end.TrySetException(fault);

    /// <summary>What is returned, made after the commit.</summary>
    protected abstract T Finish();
}
