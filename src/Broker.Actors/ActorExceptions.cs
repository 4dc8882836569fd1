namespace Broker.Actors;

/// <summary>Base of what the kernel itself throws into actors and at their callers. Carries paths and types, never a message.</summary>
public abstract class ActorException : Exception
{
    private protected ActorException(ActorPath path, string text, Exception? cause = null) : base($"{path}: {text}", cause) => Path = path;

    /// <summary>The actor in question.</summary>
    public ActorPath Path { get; }
}

/// <summary>The constructor or PreStart threw. Default directive: stop.</summary>
public class ActorInitializationException : ActorException
{
    internal ActorInitializationException(ActorPath path, Exception cause, string text = "creation failed") : base(path, text, cause)
    {
    }
}

/// <summary>The constructor or PostRestart threw during a restart: a new failure. Default directive: stop.</summary>
public sealed class PostRestartException : ActorInitializationException
{
    internal PostRestartException(ActorPath path, Exception cause) : base(path, cause, "restart failed")
    {
    }
}

/// <summary>The actor was killed. Default directive: stop.</summary>
public sealed class ActorKilledException : ActorException
{
    internal ActorKilledException(ActorPath path) : base(path, "killed")
    {
    }
}

/// <summary>A watched actor ended and the watcher did not handle it. Default directive: stop.</summary>
public sealed class DeathPactException : ActorException
{
    internal DeathPactException(ActorPath path, ActorPath dead) : base(path, $"unhandled termination of {dead}") => Dead = dead;

    /// <summary>The actor that ended.</summary>
    public ActorPath Dead { get; }
}

/// <summary>The stash is full.</summary>
public sealed class StashOverflowException : ActorException
{
    internal StashOverflowException(ActorPath path, int capacity) : base(
        path, $"the stash holds {capacity} messages already; unstash or raise the capacity")
    {
    }
}

/// <summary>A living sibling has the name; wait for its termination or choose another.</summary>
public sealed class ActorNameInUseException : ActorException
{
    internal ActorNameInUseException(ActorPath path) : base(
        path, "the name is in use until the parent has processed that child's termination")
    {
    }
}

/// <summary>An ask was not answered in time.</summary>
public sealed class AskTimeoutException : ActorException
{
    internal AskTimeoutException(ActorPath path, TimeSpan timeout) : base(path, $"no answer within {timeout}")
    {
    }
}

/// <summary>The actor's bounded mailbox is full; try again later.</summary>
public sealed class ActorBusyException : ActorException
{
    internal ActorBusyException(ActorPath path) : base(path, "busy, try again later")
    {
    }
}

/// <summary>The actor has ended, so no answer will come.</summary>
public sealed class ActorStoppedException : ActorException
{
    internal ActorStoppedException(ActorPath path) : base(path, "has stopped")
    {
    }
}
