using Broker.Actors;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Writing;

/// <summary>
/// The one writer, <c>/ledger</c>: while one commit is in flight the next batch gathers, so that a sync of the disk is shared by
/// all who waited for it. What may wait is bounded, and no customer may hold more than a quarter of it (I10).
/// </summary>
internal sealed class WriterActor : Actor<WriterMessage>
{
    private static readonly TimeSpan Housekeeping = TimeSpan.FromMinutes(1);

    private static readonly StoreRefusal Busy =
        new(RefusalCode.Busy, "too many changes wait to be committed; try again in a moment");

    private readonly ICredentialStore _store;
    private readonly Name _node;
    private readonly int _capacity;
    private readonly Func<Action, Task> _run;
    private readonly Queue<StoreOperation> _waiting = new();
    private readonly Dictionary<Name, int> _shares = [];
    private Task _inFlight = Task.CompletedTask;
    private bool _committing;

    /// <summary>Creates the writer.</summary>
    /// <param name="store">The store; nobody else commits to it.</param>
    /// <param name="node">This zone node.</param>
    /// <param name="capacity">Operations that may wait, at least 4.</param>
    public WriterActor(ICredentialStore store, Name node, int capacity)
        : this(store, node, capacity, Task.Run)
    {
    }

    /// <summary>As the other, with the place where commits run: they block, so never the actor's own turn.</summary>
    internal WriterActor(ICredentialStore store, Name node, int capacity, Func<Action, Task> run) =>
        (_store, _node, _capacity, _run) = (store, node, capacity, run);

    /// <inheritdoc/>
    protected override ValueTask PreStart()
    {
        Context.StartPeriodicTimer(nameof(Housekeeping), new WriterMessage.Minute(), Housekeeping);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override ValueTask Receive(WriterMessage message)
    {
        switch (message)
        {
            case WriterMessage.Submit submit:
                Accept(submit.Take());
                break;
            case WriterMessage.Committed:
                _committing = false;
                break;
            case WriterMessage.Minute or WriterMessage.HouseKept { More: true }:
                KeepHouse();
                break;
            case WriterMessage.HouseKept:
                break;
            default:
                Context.Unhandled(message);
                return ValueTask.CompletedTask;
        }

        Commit();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async ValueTask PostStop()
    {
        foreach (var operation in _waiting)
        {
            operation.Fail(new StoreException("the zone is stopping; nothing was done"));
        }

        _waiting.Clear();
        _shares.Clear();

        // The store has one writer: whoever comes next, another incarnation or the closing of the store, waits for this commit.
        await _inFlight;
    }

    private void Accept(StoreOperation operation)
    {
        var share = operation.Customer is { } customer ? _shares.GetValueOrDefault(customer) : 0;
        if (_waiting.Count >= _capacity || share >= _capacity / 4)
        {
            operation.Refuse(Busy);
            return;
        }

        if (operation.Customer is { } of)
        {
            _shares[of] = share + 1;
        }

        _waiting.Enqueue(operation);
    }

    private void KeepHouse()
    {
        var house = new KeepHouse(_node);
        _waiting.Enqueue(house);
        Context.PipeToSelf(
            house.Result,
            static result => new WriterMessage.HouseKept(result is StoreResult<bool>.Done { Value: true }),
            static _ => new WriterMessage.HouseKept(More: false));
    }

    private void Commit()
    {
        if (_committing || _waiting.Count == 0)
        {
            return;
        }

        var batch = new List<StoreOperation>(Math.Min(_waiting.Count, ZoneLimits.MaxOperations));
        while (batch.Count < ZoneLimits.MaxOperations && _waiting.TryDequeue(out var operation))
        {
            batch.Add(operation);
            if (operation.Customer is { } customer && --_shares[customer] == 0)
            {
                _shares.Remove(customer);
            }
        }

        _committing = true;
        _inFlight = _run(() => _store.Commit(batch));
        Context.PipeToSelf(_inFlight, () => new WriterMessage.Committed(), _ => new WriterMessage.Committed());
    }
}
