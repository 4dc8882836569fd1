namespace Broker.Actors;

/// <summary>An actor without its message type: what watching and stopping need. Only this assembly implements it.</summary>
public interface IActorRef
{
    /// <summary>Where the actor stands; a later actor of the same name has the same path.</summary>
    ActorPath Path { get; }

    /// <summary>Identifies this actor in its system for ever; kept through restarts, never given to another.</summary>
    long Uid { get; }

    /// <summary>
    /// Stops the actor after the message in hand; nothing that is queued runs. Returns at once; a second call does nothing.
    /// </summary>
    void Stop();

    /// <summary>The cell behind it; null for an ask.</summary>
    internal Cell? Owner { get; }

    internal void SendSystem(SystemMessage message);
}
