using Broker.Agent.Processes;

namespace Broker.Agent.Uses;

/// <summary>What the actor of one use is told.</summary>
internal abstract record UseMessage
{
    /// <summary>The first message: the credentials, which the use owns from here on.</summary>
    internal sealed record Begin(UseDelivery Delivery) : UseMessage, IDisposable
    {
        public void Dispose() => Delivery.Dispose();
    }

    /// <summary>
    /// Later versions of the same credentials, which the use owns from here on: they take the place of what it has, or, where they
    /// cannot be used, it goes on with that.
    /// </summary>
    internal sealed record Replace(UseDelivery Delivery) : UseMessage, IDisposable
    {
        public void Dispose() => Delivery.Dispose();
    }

    /// <summary>What took the place has lasted long enough to count.</summary>
    internal sealed record Settled : UseMessage;

    /// <summary>The use is to end: stop what was started, wipe what is held.</summary>
    internal sealed record End : UseMessage;

    /// <summary>A hold has lasted as long as it may.</summary>
    internal sealed record HoldOver : UseMessage;

    /// <summary>The program has ended.</summary>
    internal sealed record Exited(ExitStatus Status) : UseMessage;

    /// <summary>The writing to standard input is over.</summary>
    internal sealed record InputOver : UseMessage;

    /// <summary>The program has had all the time that it may take to read its input.</summary>
    internal sealed record InputOverdue : UseMessage;

    /// <summary>The program has had all the time that it may take to stop.</summary>
    internal sealed record StopOverdue : UseMessage;

    /// <summary>The pause before a restart is over.</summary>
    internal sealed record RestartDue : UseMessage;
}
