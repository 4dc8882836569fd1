namespace Broker.Actors;

/// <summary>What an actor keeps from its failure until that has been dealt with. On the actor's own turn only.</summary>
internal sealed class FailureNotes
{
    /// <summary>The message that failed; null when there was none or it owned something.</summary>
    public object? Message { get; set; }

    /// <summary>Why the incarnation is being replaced.</summary>
    public Exception? RestartCause { get; set; }

    /// <summary>The children whose failures became this actor's.</summary>
    public HashSet<Cell>? Escalated { get; set; }
}
