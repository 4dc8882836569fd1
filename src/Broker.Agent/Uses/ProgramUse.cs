using Broker.Actors;
using Broker.Agent.Native;
using Broker.Agent.Processes;
using Broker.Protocol.Ledger;
using Broker.Secrets;

namespace Broker.Agent.Uses;

/// <summary>
/// Gives credentials to a program and looks after it: as memory files, which live as long as the use and serve every restart, or once
/// on its standard input. The locked memory is wiped as soon as the kernel has the content.
/// </summary>
internal sealed partial class ProgramUse(string key, CommandUse settings, ActorRef<UsesMessage> uses) : Actor<UseMessage>
{
    private const int LargestDoubling = 16;
    private static readonly object InputTimer = new();
    private static readonly object StopTimer = new();
    private static readonly object RestartTimer = new();

    private readonly List<IMemoryFile> _files = [];
    private readonly CancellationTokenSource _inputOver = new();
    private UseDelivery? _delivery;
    private ChildProcess? _child;
    private Task _writing = Task.CompletedTask;
    private UseEnd? _ending;
    private int _restarts;

    protected override ValueTask Receive(UseMessage message)
    {
        switch (message)
        {
            case UseMessage.Begin begin:
                Begin(begin.Delivery.Move());
                break;
            case UseMessage.Replace replace:
                Replace(replace.Delivery.Move());
                break;
            case UseMessage.Settled:
                TakeOver();
                break;
            case UseMessage.Exited exited:
                OnExited(exited.Status);
                break;
            case UseMessage.InputOver:
                OnInputOver();
                break;
            case UseMessage.InputOverdue:
                _inputOver.Cancel();
                Stop(UseEnd.InputNotTaken);
                break;
            case UseMessage.End:
                Stop(UseEnd.Released);
                break;
            case UseMessage.StopOverdue:
                _child?.Kill();
                break;
            case UseMessage.RestartDue:
                Start();
                break;
            default:
                Context.Unhandled(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override async ValueTask PostStop()
    {
        if (_child is not { } child)
            return;

        child.Terminate();
        try
        {
            await child.Exited.WaitAsync(settings.StopTimeout, Context.Time);
        }
        catch (TimeoutException)
        {
            child.Kill();
            await child.Exited;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _inputOver.Cancel();
        _child?.Kill();
        Wipe();
        _inputOver.Dispose();
        base.Dispose(disposing);
    }

    private void Begin(UseDelivery delivery)
    {
        _delivery = delivery;
        try
        {
            _files.AddRange(Make(delivery));
        }
        catch (NativeException)
        {
            Finish(UseEnd.NotStarted);
            return;
        }

        if (delivery.Use.Mode == UseMode.File)
            delivery.Wipe();
        Start();
    }

    private void Start()
    {
        if (!TryStart(_files))
            Finish(UseEnd.NotStarted);
    }

    private bool TryStart(List<IMemoryFile> files)
    {
        try
        {
            _child = _delivery!.Use.Mode == UseMode.Stdin
                ? StartWithInput(_delivery)
                : ChildProcess.Start(settings.Command, -1, [.. files.Select(static f => f.Descriptor)]);
        }
        catch (NativeException)
        {
            return false;
        }

        Context.PipeToSelf(
            _child.Exited, static status => new UseMessage.Exited(status), static _ => new UseMessage.Exited(new ExitStatus(255, 0)));
        return true;
    }

    private ChildProcess StartWithInput(UseDelivery delivery)
    {
        // The content passes to the thread that writes it, which wipes it: nothing of this actor touches it any more.
        var content = delivery.Contents[0].Content.Move();
        var pipe = new InputPipe(content.Length);
        try
        {
            var child = ChildProcess.Start(settings.Command, pipe.ReadDescriptor, []);
            pipe.CloseRead();
            var over = _inputOver.Token;
            Context.StartTimer(InputTimer, new UseMessage.InputOverdue(), settings.StartTimeout);
            _writing = Task.Factory.StartNew(
                () => Write(pipe, content, over), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Context.PipeToSelf(_writing, static () => new UseMessage.InputOver(), static _ => new UseMessage.InputOver());
            return child;
        }
        catch (NativeException)
        {
            pipe.Dispose();
            content.Dispose();
            throw;
        }
    }

    private static void Write(InputPipe pipe, SecretBuffer content, CancellationToken over)
    {
        using (content)
        using (pipe)
            _ = pipe.WriteAll(content, over);
    }

    private void OnInputOver()
    {
        Context.CancelTimer(InputTimer);
        _delivery?.Wipe();
        if (_child is null && _ending is { } how)
            Finish(how);
    }

    private void OnExited(ExitStatus status)
    {
        _child = null;
        Context.CancelTimer(StopTimer);
        if (_next is { } next && _ending is null)
        {
            OnExited(next, status);
            return;
        }

        if (_ending is null && !status.Succeeded && _restarts < settings.Restarts)
        {
            var delay = settings.RestartDelay * (1 << Math.Min(_restarts, LargestDoubling));
            _restarts++;
            Context.StartTimer(RestartTimer, new UseMessage.RestartDue(), delay);
            return;
        }

        Finish(_ending ?? new UseEnd(status.Succeeded ? HandOffState.Used : HandOffState.UseFailed, status.ToString()));
    }

    private void Stop(UseEnd how)
    {
        if (_ending is not null)
            return;

        _ending = how;
        Context.CancelTimer(RestartTimer);
        Context.CancelTimer(SettleTimer);
        if (_child is null)
        {
            Finish(how);
            return;
        }

        _child.Terminate();
        Context.StartTimer(StopTimer, new UseMessage.StopOverdue(), settings.StopTimeout);
    }

    private void Finish(UseEnd how)
    {
        // Wiped before anyone hears of it. What is still being written is the writer's to wipe, and the end of that comes back here.
        if (!_writing.IsCompleted)
        {
            _ending ??= how;
            _inputOver.Cancel();
            return;
        }

        Wipe();
        uses.Tell(new UsesMessage.Ended(key, how));
        Context.StopSelf();
    }

    private void Wipe()
    {
        foreach (var file in _files)
            file.Dispose();
        _files.Clear();
        _next?.Dispose();
        _delivery?.Dispose();
    }
}
