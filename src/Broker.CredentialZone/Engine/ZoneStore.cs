using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.CredentialZone.Engine;

/// <summary>The store's rules over a database: group commit here, reads in the other part.</summary>
internal sealed partial class ZoneStore : ICredentialStore
{
    private readonly IZoneDatabase _database;
    private readonly IZoneWriter _writer;
    private readonly WriteContext _context;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly BatchRetry? _retry;
    private LedgerSigner _signer;
    private bool _isOpen;

    private ZoneStore(IZoneDatabase database, Name cluster, ZoneLimits limits, LedgerSigner signer, TimeProvider time, ILogger log)
    {
        (_database, _writer, _signer, _time, _log) = (database, database.Writer, signer, time, log);
        _context = new WriteContext(cluster, limits, _writer, database.IsShared) { LedgerKey = signer.Key };
        _retry = database.IsShared ? new BatchRetry(time, database.Patience, LogAgain) : null;
    }

    /// <summary>Transactions that were committed since the start.</summary>
    public long Commits { get; private set; }

    /// <inheritdoc/>
    public void Commit(IReadOnlyList<StoreOperation> operations)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(operations.Count, ZoneLimits.MaxOperations);
        var ends = new End[operations.Count];
        try
        {
            if (_retry is null)
            {
                RunBatch(operations, ends);
            }
            else
            {
                _retry.Run(() => RunBatch(operations, ends), TakeBack);
            }
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Abandon(operations, fault);
            return;
        }

        for (var i = 0; i < ends.Length; i++)
        {
            ends[i].Tell(operations[i]);
        }
    }

    /// <inheritdoc/>
    public DatabaseStanding Standing() => _database.Standing();

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private void RunBatch(IReadOnlyList<StoreOperation> operations, End[] ends)
    {
        _writer.Begin();
        _context.BeginBatch(_time.GetUtcNow());
        if (_database.IsShared)
        {
            Lock(operations);
        }

        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = Run(operations[i]);
        }

        _context.Flush();
        BatchSealer.Seal(_writer, _context.Cluster, _signer, _context.Blocks, _context.Now);
        _writer.Commit();
        Commits++;
        _context.Committed();
    }

    private void Lock(IReadOnlyList<StoreOperation> operations)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var operation in operations)
        {
            names.UnionWith(operation.Locks(_context));
        }

        _writer.Lock(names);
        if (_isOpen && !(_writer.Meta(LedgerKey) is { } key && _signer.Certificate.Span.SequenceEqual(key)))
        {
            throw new StoreException("the ledger has another key since; start this node with the key that signs it now");
        }
    }

    private void TakeBack()
    {
        _context.TakeBack();
        _writer.Rollback();
    }

    private End Run(StoreOperation operation)
    {
        _writer.Savepoint();
        _context.BeginOperation();
        try
        {
            var refusal = operation.Run(_context);
            if (refusal is null)
            {
                _writer.ReleaseSavepoint();
            }
            else
            {
                Undo();
            }

            return new End(refusal, null);
        }
        catch (AlteredException altered) when (_writer.InTransaction)
        {
            Undo();
            var action = operation.GetType().Name;
            LogAltered(action, altered.Code, altered.Customer?.Value ?? "", altered.Detail);
            _writer.Savepoint();
            _context.BeginOperation();
            _context.Alarm(altered, action);
            _writer.ReleaseSavepoint();
            return new End(new StoreRefusal(altered.Code, altered.Message), null);
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or TransientStoreException) && _writer.InTransaction)
        {
            Undo();
            LogOperationFailed(operation.GetType().Name, fault);
            return new End(null, fault as StoreException ?? new StoreException("the operation failed; see the zone's log", fault));
        }
    }

    private void Undo()
    {
        _context.UndoOperation();
        _writer.RollbackToSavepoint();
    }

    private void Abandon(IReadOnlyList<StoreOperation> operations, Exception fault)
    {
        _context.TakeBack();
        LogCommitFailed(operations.Count, fault);
        var reported = fault is StoreException or UnknownCommitException
            ? fault
            : new StoreException("the commit failed; see the zone's log", fault);
        try
        {
            _writer.Rollback();
        }
        catch (StoreException rollback)
        {
            reported = new UnknownCommitException("the commit failed and could not be taken back", rollback);
        }

        foreach (var operation in operations)
        {
            operation.Fail(reported);
        }
    }

    [LoggerMessage(2101, LogLevel.Error, "the operation {Operation} failed and left nothing")]
    private partial void LogOperationFailed(string operation, Exception fault);

    [LoggerMessage(2102, LogLevel.Error, "a commit of {Count} operations failed")]
    private partial void LogCommitFailed(int count, Exception fault);

    [LoggerMessage(2104, LogLevel.Warning, "a commit was taken back and is begun anew, attempt {Attempt}: {Reason}")]
    private partial void LogAgain(int attempt, string reason);

    [LoggerMessage(2103, LogLevel.Critical, "{Operation} met {Code} at customer {Customer}: {Detail}; the store was changed from outside")]
    private partial void LogAltered(string operation, string code, string customer, string detail);

    // Nobody is told before the commit, refusals neither: what they were refused for may be of the same batch.
    private readonly record struct End(StoreRefusal? Refusal, StoreException? Fault)
    {
        public void Tell(StoreOperation operation)
        {
            if (Refusal is not null)
            {
                operation.Refuse(Refusal);
            }
            else if (Fault is not null)
            {
                operation.Fail(Fault);
            }
            else
            {
                operation.Complete();
            }
        }
    }
}
