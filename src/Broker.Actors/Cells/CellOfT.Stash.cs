namespace Broker.Actors;

/// <summary>Messages set aside by the actor; owned by the kernel all the while.</summary>
internal sealed partial class Cell<T>
{
    private Queue<Slot<T>>? _stash;

    public void Stash(T message)
    {
        ThrowIfNotInHand(message);
        ThrowIfStashFull();
        _passedOn = true;
        (_stash ??= new()).Enqueue(new Slot<T>(message, null));
    }

    public void Stash(Terminated terminated)
    {
        ArgumentNullException.ThrowIfNull(terminated);
        if (_watching is null || _deliveringNotice?.Subject != terminated.Ref)
            throw new InvalidOperationException("only the notice in hand can be stashed, once");
        ThrowIfStashFull();
        var entry = _deliveringNotice;
        _deliveringNotice = null;
        _watching.Add(terminated.Ref, entry);
        (_stash ??= new()).Enqueue(new Slot<T>(default, entry));
    }

    public void UnstashAll() => ReturnStash();

    public void ClearStash()
    {
        if (Interlocked.Exchange(ref _stash, null) is not { } stash)
            return;
        foreach (var slot in stash)
        {
            if (slot.Signal is WatchEntry<T> entry)
                Unwatch(entry.Subject);
            Owned.Dispose(slot.Message, Path, System.Events);
        }
    }

    protected override void ReturnStash()
    {
        if (_stash is not { Count: > 0 } stash)
            return;
        _stash = null;
        Mailbox.Prepend(stash);
    }

    private void ThrowIfStashFull()
    {
        if ((_stash?.Count ?? 0) >= _props.StashCapacity)
            throw new StashOverflowException(Path, _props.StashCapacity);
    }
}
