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
        if (handler == "is asked to stop")
            context.Stop("a console");
        return new Probe(system, handler);
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

internal sealed class Probe(ActorSystem system, string handler) : INode
{
    // One that does not leave does not look at its deadline either.
    public Task LeaveAsync(string reason, CancellationToken deadline)
    {
        Console.WriteLine("leaving because of " + reason);
        return handler switch
        {
            "never leaves" => new TaskCompletionSource().Task,
            "is asked to stop" => Task.Run(static () => Console.In.ReadLine()),
            _ => Task.CompletedTask,
        };
    }

    public Task StopAsync(CancellationToken deadline) => Task.CompletedTask;

    public ValueTask DisposeAsync() => system.DisposeAsync();
}
