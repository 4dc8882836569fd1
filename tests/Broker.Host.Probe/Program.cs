using Broker.Actors;
using Broker.Host.Running;

// A node with one actor, to be sent signals: broker.probe.handler says how its handler takes the stop.
return await NodeProgram.RunAsync(args, new NodeDefinition<string>(
    "host-probe", "A node with one actor.", "probe",
    static broker =>
    {
        broker.Exempt("tls");
        return broker.Text("probe.handler");
    },
    static async (context, handler, cancellation) =>
    {
        var system = new ActorSystem("probe", new ActorSystemOptions { DisposeDeadline = TimeSpan.FromMilliseconds(1) });
        context.Shutdown.AddTermination(system);
        var begun = new TaskCompletionSource();
        system.Spawn(Props<string>.Of(() => new Handler(begun, context.Fail)), "it").Tell(handler);
        await begun.Task.WaitAsync(cancellation);
        return new Probe(system);
    }));

internal sealed class Handler(TaskCompletionSource begun, Action<string> fail) : Actor<string>
{
    protected override async ValueTask Receive(string message)
    {
        begun.SetResult();
        if (message == "fails")
            fail("as told");
        if (message == "never ends")
            await new TaskCompletionSource().Task;
        await Task.Delay(Timeout.InfiniteTimeSpan, Context.Time, Context.Stopping);
    }
}

internal sealed class Probe(ActorSystem system) : INode
{
    public Task StopAsync(CancellationToken deadline) => Task.CompletedTask;

    public ValueTask DisposeAsync() => system.DisposeAsync();
}
