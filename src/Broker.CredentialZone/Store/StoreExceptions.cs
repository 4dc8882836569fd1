namespace Broker.CredentialZone.Store;

/// <summary>The store failed; nothing of the operation was kept.</summary>
internal class StoreException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The store has no space; nothing of the operation was kept.</summary>
internal sealed class StoreFullException(string message, Exception? cause = null) : StoreException(message, cause);

/// <summary>
/// The transaction ended without having kept anything, for a reason that may be gone the next time: a lost connection, a deadlock, a
/// server that restarts, another node that was there first.
/// </summary>
internal sealed class TransientStoreException(string message, Exception? cause = null) : StoreException(message, cause);

/// <summary>
/// The commit was begun and its end is not known: the operation may have been kept. Never to be reported as a refusal; the
/// caller reads what is there, or repeats an operation that is idempotent.
/// </summary>
internal sealed class UnknownCommitException(string message, Exception? cause = null) : Exception(message, cause);
