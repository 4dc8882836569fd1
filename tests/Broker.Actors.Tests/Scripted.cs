using Broker.TestKit;

namespace Broker.Actors.Tests;

/// <summary>What tests tell scripted actors.</summary>
public abstract record Message
{
    /// <summary>Noted in the log under its text.</summary>
    public sealed record Say(string Text) : Message;

    /// <summary>Runs in the actor.</summary>
    public sealed record Do(Func<ScriptedActor, ValueTask> What) : Message
    {
        public Do(Action<ScriptedActor> what) : this(actor =>
        {
            what(actor);
            return ValueTask.CompletedTask;
        })
        {
        }
    }

    /// <summary>Fails.</summary>
    public sealed record Fail(Exception? Cause = null) : Message;

    /// <summary>Answers with the text.</summary>
    public sealed record Echo(string Text, ReplyTo<string> To) : Message;

    /// <summary>Owns something; runs in the actor if it has a script.</summary>
    public sealed record Owning(Leaks Leaks, Action<ScriptedActor, Owning>? What = null) : Message, IDisposable
    {
        private readonly int _id = Leaks.Born();

        public bool IsDisposed => Leaks.IsDead(_id);

        public void Dispose() => Leaks.Died(_id);
    }
}

/// <summary>Counts owners: each must die exactly once.</summary>
public sealed class Leaks
{
    private readonly Lock _gate = new();
    private readonly List<int> _deaths = [];

    public int Births
    {
        get
        {
            lock (_gate)
                return _deaths.Count;
        }
    }

    public int Born()
    {
        lock (_gate)
        {
            _deaths.Add(0);
            return _deaths.Count - 1;
        }
    }

    public void Died(int id)
    {
        lock (_gate)
            _deaths[id]++;
    }

    public bool IsDead(int id)
    {
        lock (_gate)
            return _deaths[id] > 0;
    }

    public int Alive
    {
        get
        {
            lock (_gate)
                return _deaths.Count(deaths => deaths == 0);
        }
    }

    public int DiedTwice
    {
        get
        {
            lock (_gate)
                return _deaths.Count(deaths => deaths > 1);
        }
    }
}

/// <summary>What a scripted actor does in its hooks, and where it notes what happens.</summary>
public sealed class Script
{
    private readonly Lock _gate = new();
    private readonly List<string> _log = [];

    public Action<ScriptedActor>? Constructor { get; init; }

    public Func<ScriptedActor, ValueTask>? PreStart { get; init; }

    public Func<ScriptedActor, ValueTask>? PostStop { get; init; }

    /// <summary>Instead of the default, which stops the children and runs PostStop.</summary>
    public Func<ScriptedActor, Exception, object?, ValueTask>? PreRestart { get; init; }

    public Func<ScriptedActor, Exception, ValueTask>? PostRestart { get; init; }

    public Func<ScriptedActor, Terminated, bool>? OnTerminated { get; init; }

    public Action<ScriptedActor>? OnDispose { get; init; }

    public SupervisorStrategy Strategy { get; init; } = SupervisorStrategy.Default;

    public int Instances { get; set; }

    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_gate)
                return [.. _log];
        }
    }

    public Props<Message> Props => Props<Message>.Of(() => new ScriptedActor(this));

    public void Note(string what)
    {
        lock (_gate)
            _log.Add(what);
    }

    public void Forget()
    {
        lock (_gate)
            _log.Clear();
    }

    public ActorRef<Message> SpawnIn(ActorWorld world, string name = "it") => world.System.Spawn(Props, name);
}

/// <summary>Does what its script says and notes its life: <c>new1</c>, <c>prestart1</c>, … with the number of the incarnation.</summary>
public sealed class ScriptedActor : Actor<Message>
{
    private readonly Script _script;

    public ScriptedActor(Script script)
    {
        _script = script;
        Number = ++script.Instances;
        script.Note($"new{Number}");
        script.Constructor?.Invoke(this);
    }

    public int Number { get; }

    public int Count { get; set; }

    public new IActorContext<Message> Context => base.Context;

    public Script Script => _script;

    protected override SupervisorStrategy SupervisorStrategy => _script.Strategy;

    public ActorRef<Message> Spawn(Script script, string name = "child") => Context.Spawn(script.Props, name);

    protected override ValueTask Receive(Message message)
    {
        switch (message)
        {
            case Message.Say say:
                _script.Note(say.Text);
                break;
            case Message.Do act:
                return act.What(this);
            case Message.Fail fail:
                throw fail.Cause ?? new InvalidOperationException("as told");
            case Message.Echo echo:
                echo.To.Tell(echo.Text);
                break;
            case Message.Owning owning:
                owning.What?.Invoke(this, owning);
                break;
        }
        return ValueTask.CompletedTask;
    }

    protected override ValueTask PreStart()
    {
        _script.Note($"prestart{Number}");
        return _script.PreStart?.Invoke(this) ?? ValueTask.CompletedTask;
    }

    protected override ValueTask PostStop()
    {
        _script.Note($"poststop{Number}");
        return _script.PostStop?.Invoke(this) ?? ValueTask.CompletedTask;
    }

    protected override ValueTask PreRestart(Exception cause, object? message)
    {
        _script.Note($"prerestart{Number}");
        return _script.PreRestart?.Invoke(this, cause, message) ?? base.PreRestart(cause, message);
    }

    protected override ValueTask PostRestart(Exception cause)
    {
        _script.Note($"postrestart{Number}");
        return _script.PostRestart?.Invoke(this, cause) ?? base.PostRestart(cause);
    }

    protected override bool OnTerminated(Terminated terminated)
    {
        if (_script.OnTerminated is null)
            return base.OnTerminated(terminated);
        _script.Note($"terminated {terminated.Ref.Path.Name}");
        return _script.OnTerminated(this, terminated);
    }

    protected override void Dispose(bool disposing)
    {
        _script.Note($"dispose{Number}");
        _script.OnDispose?.Invoke(this);
        base.Dispose(disposing);
    }
}
