namespace Broker.Actors;

/// <summary>Creation and end.</summary>
internal abstract partial class Cell
{
    private async ValueTask Create()
    {
        ClearFailure();
        Incarnation++;
        try
        {
            MakeInstance();
            await RunHook(PreStart());
            State = CellState.Running;
        }
#pragma warning disable CA1031 // Whatever it is, the supervisor decides.
        catch (Exception e)
#pragma warning restore CA1031
        {
            DisposeInstance();
            State = CellState.NotCreated;
            Fail(new ActorInitializationException(Path, e), FailurePoint.Creation);
        }
    }

    private async ValueTask CreateAgain()
    {
        StopChildren();
        State = CellState.Recreating;
        if (ChildCount == 0)
            await Create();
    }

    private async ValueTask Terminate()
    {
        if (State is CellState.Stopping or CellState.Stopped)
            return;
        State = CellState.Stopping;
        CancelTimers();
        UnwatchAll();
        CloseChildren();
        StopChildren();
        if (ChildCount == 0)
            await FinishTerminate();
    }

    /// <summary>The order is the contract: no step depends on the good will of the one before, and who watches hears of it last.</summary>
    private async ValueTask FinishTerminate()
    {
        try
        {
            if (HasInstance)
                await RunHook(PostStop());
        }
#pragma warning disable CA1031 // A throwing PostStop does not keep an actor from ending.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Publish(FailurePoint.PostStop, e);
        }
        finally
        {
            DisposeInstance();
            _failure = null;
            CancelTimers();
            UnwatchAll();
            ReturnStash();
            State = CellState.Stopped;
            CloseMailbox();
            System.OnEnded(this);
            Parent?.SendSystem(new ChildTerminatedMessage(this));
            NotifyWatchers();
            if (Parent is null)
                System.OnGuardianEnded(this);
        }
    }

    private ValueTask HandleChildTerminated(Cell child)
    {
        if (_children?.Remove(child) != true)
            return ValueTask.CompletedTask;
        return State switch
        {
            CellState.Restarting when DyingCount == 0 => FinishRecreate(),
            CellState.Recreating when ChildCount == 0 => Create(),
            CellState.Stopping when ChildCount == 0 => FinishTerminate(),
            _ => ValueTask.CompletedTask,
        };
    }

    /// <summary>What was left in the system queue of a closed mailbox.</summary>
    protected void AnswerRest(SystemMessage? rest)
    {
        for (; rest is not null; rest = rest.Next)
            AnswerAfterEnd(rest);
    }
}
