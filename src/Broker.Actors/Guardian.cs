namespace Broker.Actors;

/// <summary>The root of a tree: no message, only supervision.</summary>
internal sealed class Guardian(SupervisorStrategy strategy) : Actor<Guardian.Nothing>
{
    protected override SupervisorStrategy SupervisorStrategy => strategy;

    protected override ValueTask Receive(Nothing message) => ValueTask.CompletedTask;

    /// <summary>Guardians understand no message.</summary>
    public sealed class Nothing;
}
