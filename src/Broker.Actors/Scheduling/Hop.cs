using System.Runtime.CompilerServices;

namespace Broker.Actors;

/// <summary>
/// Awaits a handler or hook and goes on as a work item of the dispatcher: whoever completes the task never runs this actor's
/// next messages on its own stack. A synchronization context is captured on purpose: a dispatcher may install its own.
/// </summary>
internal readonly struct Hop(ValueTask task, Dispatcher dispatcher) : ICriticalNotifyCompletion
{
    public bool IsCompleted => task.IsCompleted;

    public Hop GetAwaiter() => this;

    public void GetResult() => task.GetAwaiter().GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) =>
        task.GetAwaiter().UnsafeOnCompleted(new Continuation(dispatcher, continuation).Schedule);

    private sealed class Continuation(Dispatcher dispatcher, Action action) : IThreadPoolWorkItem
    {
        public void Schedule() => dispatcher.Schedule(this);

        public void Execute()
        {
            action();
            Turn.Leave();
        }
    }
}
