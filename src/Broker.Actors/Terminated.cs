namespace Broker.Actors;

/// <summary>A watched actor has ended: its instance and its queued messages are wiped, and it will not come back.</summary>
/// <param name="Ref">The very reference that was watched.</param>
public sealed record Terminated(IActorRef Ref);
