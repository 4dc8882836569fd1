namespace Broker.Actors;

/// <summary>One message: handed to the actor, awaited to its end, then disposed unless it has been passed on.</summary>
internal sealed partial class Cell<T>
{
    private T? _current;
    private bool _hasCurrent;
    private bool _passedOn;

    public override string? CurrentMessageType =>
        !_hasCurrent ? null : typeof(T).IsValueType ? TypeName.Of(typeof(T)) : TypeName.Of((object?)_current);

    /// <summary>Never throws: failures go to supervision.</summary>
    public ValueTask HandleUser(in Slot<T> slot)
    {
        try
        {
            var handling = slot.Signal is { } signal ? signal.Deliver(this) : ReceiveMessage(slot.Message!);
            if (!handling.IsCompletedSuccessfully)
                return AwaitHandler(handling);
            handling.GetAwaiter().GetResult();
            EndMessage();
        }
#pragma warning disable CA1031 // Whatever it is, the supervisor decides.
        catch (Exception e)
#pragma warning restore CA1031
        {
            FailMessage(e);
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes a message the one in hand, owned by the kernel, and runs the handler.</summary>
    public ValueTask ReceiveMessage(T message)
    {
        _current = message;
        _hasCurrent = true;
        return _actor!.RunReceive(message);
    }

    public void Forward<TOther>(ActorRef<TOther> target, TOther message) where TOther : notnull
    {
        ArgumentNullException.ThrowIfNull(target);
        ThrowIfNotInHand(message);
        _passedOn = true;
        target.Tell(message);
    }

    private async ValueTask AwaitHandler(ValueTask handling)
    {
        using var watch = HandlerWatch.Start(this, CurrentMessageType);
        try
        {
            await new Hop(handling, System.Dispatcher);
            Turn.Enter(this);
            EndMessage();
        }
#pragma warning disable CA1031 // Whatever it is, the supervisor decides.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Turn.Enter(this);
            FailMessage(e);
        }
    }

    private void FailMessage(Exception cause)
    {
        if (_hasCurrent && !_passedOn && _current is not IDisposable)
            Failure.Message = _current;
        // Suspended first, then disposed: no other message runs in between either way, and the event knows the type.
        Fail(cause, FailurePoint.Receive);
        EndMessage();
    }

    private void EndMessage()
    {
        if (!_hasCurrent)
            return;
        var (message, passedOn) = (_current, _passedOn);
        _current = default;
        _hasCurrent = _passedOn = false;
        if (_idleTimer is not null && message is not INotInfluenceReceiveTimeout)
            NoteActivity();
        if (message is IDisposable && !passedOn)
            Owned.Dispose(message, Path, System.Events);
    }

    private void ThrowIfNotInHand(object message)
    {
        var inHand = _hasCurrent && (typeof(T).IsValueType ? message.Equals(_current) : ReferenceEquals(message, _current));
        if (!inHand)
            throw new InvalidOperationException("only the message in hand can be stashed or forwarded");
        if (_passedOn)
            throw new InvalidOperationException("the message in hand has been stashed or forwarded already");
    }
}
