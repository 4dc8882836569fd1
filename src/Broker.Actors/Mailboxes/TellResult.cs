namespace Broker.Actors;

/// <summary>What became of a message at the moment it was told.</summary>
public enum TellResult
{
    /// <summary>Queued. It is handled unless the actor ends first.</summary>
    Accepted,

    /// <summary>The bounded mailbox is full. The message was disposed; try again later.</summary>
    Busy,

    /// <summary>The actor has ended. The message was disposed.</summary>
    Stopped,
}
