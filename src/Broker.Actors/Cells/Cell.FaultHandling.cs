namespace Broker.Actors;

/// <summary>
/// Failure, suspension, restart. An actor handles user messages only when neither it has failed, nor its parent is suspended, nor it is
/// held for a restart of all siblings. Each child keeps its parent's suspension as told by the parent, in order, so the two cannot drift.
/// </summary>
internal abstract partial class Cell
{
    private bool _failed;
    private bool _held;
    private bool _suspendedByParent;
    private FailureNotes? _failure;

    /// <summary>Made with the first failure and gone with its end: most actors never fail.</summary>
    protected FailureNotes Failure => _failure ??= new FailureNotes();

    public bool IsSuspended => _failed || _held || _suspendedByParent;

    /// <summary>This actor is suspended, its children are, and only then the supervisor hears of it.</summary>
    /// <param name="cause">What was thrown.</param>
    /// <param name="where">By what.</param>
    /// <param name="child">The child whose failure this is, when it was escalated.</param>
    protected void Fail(Exception cause, FailurePoint where, Cell? child = null)
    {
        if (_stopRequested
            && cause is OperationCanceledException or ActorInitializationException { InnerException: OperationCanceledException })
            return;
        Publish(where, cause);
        try
        {
            if (child is not null)
                (Failure.Escalated ??= []).Add(child);
            if (_failed)
                return;
            SetSuspension(failed: true);
            if (Parent is null)
                System.OnGuardianFailed();
            else
                Parent.SendSystem(new ChildFailedMessage(this, cause, Incarnation));
        }
#pragma warning disable CA1031 // See EmergencyStop.
        catch (Exception e)
#pragma warning restore CA1031
        {
            EmergencyStop(e);
        }
    }

    /// <summary>
    /// Handling a failure failed: nobody may be left who could wake this actor again, so it ends, and its children with it.
    /// </summary>
    private void EmergencyStop(Exception cause)
    {
        Publish(FailurePoint.FailureHandling, cause);
        RequestStop();
    }

    private void SetSuspension(bool? failed = null, bool? held = null, bool? suspendedByParent = null)
    {
        var before = IsSuspended;
        _failed = failed ?? _failed;
        _held = held ?? _held;
        _suspendedByParent = suspendedByParent ?? _suspendedByParent;
        if (IsSuspended != before)
            TellChildrenOfSuspension();
    }

    private void TellChildrenOfSuspension()
    {
        foreach (var child in LivingChildren)
            child.SendSystem(new ParentSuspendedMessage(IsSuspended));
    }

    private void ClearFailure()
    {
        _failure = null;
        SetSuspension(failed: false, held: false);
    }

    private ValueTask Resume(ResumeMessage message)
    {
        if (State is not (CellState.Running or CellState.NotCreated) || !IsAbout(message.Incarnation))
            return ValueTask.CompletedTask;
        if (!HasInstance)
            return CreateAgain();
        foreach (var child in _failure?.Escalated ?? [])
            child.SendSystem(new ResumeMessage(null));
        _failure = null;
        SetSuspension(failed: false);
        return ValueTask.CompletedTask;
    }

    private async ValueTask Recreate(RecreateMessage message)
    {
        if (State is not (CellState.Running or CellState.NotCreated) || !IsAbout(message.Incarnation))
            return;
        if (!HasInstance)
        {
            await CreateAgain();
            return;
        }
        SetSuspension(held: true);
        CancelTimers();
        try
        {
            await RunHook(PreRestart(message.Cause, _failure?.Message));
        }
#pragma warning disable CA1031 // The instance is given up anyway; the restart goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Publish(FailurePoint.PreRestart, e);
        }
        DisposeInstance();
        CancelTimers();
        CancelStopping();
        ReturnStash();
        State = CellState.Restarting;
        Failure.RestartCause = message.Cause;
        if (DyingCount == 0)
            await FinishRecreate();
    }

    private async ValueTask FinishRecreate()
    {
        var cause = Failure.RestartCause!;
        var survivors = LivingChildren;
        Incarnation++;
        try
        {
            MakeInstance();
            await RunHook(PostRestart(cause));
            State = CellState.Running;
        }
#pragma warning disable CA1031 // Whatever it is, the supervisor decides, again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            DisposeInstance();
            State = CellState.NotCreated;
            SetSuspension(failed: false);
            Fail(new PostRestartException(Path, e), FailurePoint.PostRestart);
            return;
        }
        System.Events.Publish(new ActorRestarted(Path));
        foreach (var child in survivors)
            child.SendSystem(new RecreateMessage(cause, null));
        // Last: no survivor may handle a message before it is restarted.
        ClearFailure();
    }

    /// <summary>Failures of children that are being stopped, or will be restarted with this actor, have been decided already.</summary>
    private void HandleChildFailed(ChildFailedMessage failed)
    {
        var child = failed.Child;
        if (State is not (CellState.Running or CellState.NotCreated) || _children?.HasLiving(child) != true)
            return;
        try
        {
            if (Strategy is not { } strategy)
                StopChild(child);
            else if (!strategy.Handle(new Supervision(this, child, failed.Cause, failed.Incarnation)))
                Fail(failed.Cause, FailurePoint.Receive, child);
        }
#pragma warning disable CA1031 // A strategy that throws is this actor's own failure.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e, FailurePoint.FailureHandling, child);
        }
    }

    private bool IsAbout(int? incarnation) => incarnation is null || incarnation == Incarnation;
}
