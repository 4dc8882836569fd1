using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Link;
using Broker.Agent.State;
using Broker.Links.Agents;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;

namespace Broker.Agent.Session;

/// <summary>
/// <c>/session</c>: keeps one link to a DMZ node and, over it, one session with the key owner. Frames are taken one at a time, so the
/// network cannot fill the mailbox. Session keys die with the link and with this incarnation.
/// </summary>
internal sealed partial class SessionActor(SessionParts parts) : Actor<SessionMessage>
{
    private const int LargestDoubling = 16;
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(2);

    // Whoever stands between could as well drop everything; but a wrong number shall not keep an agent away for days.
    private static readonly TimeSpan LongestAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BetweenStatuses = TimeSpan.FromMilliseconds(200);
    private static readonly object ConnectTimer = new();
    private static readonly object StatusTimer = new();

    private IFrameLink? _link;
    private Task<Frame?> _receiving = Task.FromResult<Frame?>(null);
    private Task _lingering = Task.CompletedTask;
    private LiveSession? _live;
    private PendingHandshake? _handshake;
    private ReplyTo<bool>? _drained;
    private bool _draining;
    private int _failures;
    private string _lastLoss = "";
    private (string Session, string Loss) _shown;

    protected override ValueTask PreStart()
    {
        // A predecessor that failed between "seen" and "acknowledged" left nothing in use.
        foreach (var entry in parts.Journal.InUse.Where(static e => e.Record == HandOffRecord.Seen))
            parts.Journal.Write(entry with { Record = HandOffRecord.UseUnknown, Code = Uses.UseEnd.Failed.Code });
        Context.Self.Tell(new SessionMessage.Connect());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(SessionMessage message)
    {
        try
        {
            await Handle(message);
        }
        catch (Exception e) when (e is AgentLinkException or OperationCanceledException)
        {
            await Lose(CodeOf(e));
        }

        ShowStatus();
    }

    protected override ValueTask PostStop()
    {
        WriteStatus(StatusOf());
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        _live?.Dispose();
        _handshake?.Dispose();
        _link?.Dispose();
        base.Dispose(disposing);
    }

    private static string CodeOf(Exception exception) => exception switch
    {
        LinkLostException lost => lost.Code,
        AgentLinkException link => link.Code,
        _ => AgentLinkException.Lost,
    };

    private async ValueTask Handle(SessionMessage message)
    {
        switch (message)
        {
            case SessionMessage.Connect when _link is null && !_draining:
                Context.PipeToSelf(
                    parts.Dialer.ConnectAsync(parts.Enrolled.Link, Context.Stopping),
                    static link => new SessionMessage.Connected(link), static e => new SessionMessage.Lost(null, CodeOf(e)));
                break;
            case SessionMessage.Connected connected:
                _link = connected.Link;
                ReceiveNext(_link);
                break;
            case SessionMessage.Arrived arrived when arrived.Link == _link:
                await OnFrame(arrived.Frame);
                if (arrived.Link == _link)
                    ReceiveNext(_link);
                break;
            case SessionMessage.Lost lost when lost.Link == _link:
                await Lose(lost.Code);
                break;
            case SessionMessage.HandshakeOverdue:
                await End("handshake-overdue");
                break;
            case SessionMessage.SessionOver:
                await End("session-over");
                break;
            case SessionMessage.RenewDue:
                await AskForRenewal();
                break;
            case SessionMessage.HandOffEnded ended:
                await OnHandOffEnded(ended);
                break;
            case SessionMessage.Drain drain:
                _draining = true;
                _drained = drain.Done;
                parts.Credentials.Tell(new CredentialsMessage.EndAll());
                await AnswerDrained();
                break;
            default:
                // A frame or a loss of a link that is gone.
                break;
        }
    }

    private void ReceiveNext(IFrameLink link)
    {
        _receiving = link.ReceiveAsync(Context.Stopping);
        Context.PipeToSelf(
            _receiving,
            frame => frame is null ? new SessionMessage.Lost(link, "link-closed") : new SessionMessage.Arrived(link, frame),
            e => new SessionMessage.Lost(link, CodeOf(e)));
    }

    private async ValueTask OnFrame(Frame frame)
    {
        switch (frame.KindCase)
        {
            case Frame.KindOneofCase.OwnerHello:
                await OnOwnerHello(frame.OwnerHello);
                break;
            case Frame.KindOneofCase.OwnerFinish:
                await OnOwnerFinish(frame.OwnerFinish);
                break;
            case Frame.KindOneofCase.SealedMessage when _live is not null:
                await OnSealed(_live, frame.SealedMessage);
                break;
            case Frame.KindOneofCase.Goodbye:
                await Lose(PrintableCode(frame.Goodbye.Code), TimeSpan.FromMilliseconds(frame.Goodbye.AfterMilliseconds));
                break;
            default:
                await End(RefusalCode.UnexpectedFrame);
                break;
        }
    }

    private async Task Send(Frame frame)
    {
        using var late = new CancellationTokenSource(SendTimeout, Context.Time);
        await _link!.SendAsync(frame, late.Token);
    }

    /// <summary>Ends the link with a code that the other end is told.</summary>
    private async ValueTask End(string code)
    {
        if (_link is null)
            return;

        AgentLog.LinkEnded(parts.Logger, code);
        var link = _link;
        _link = null;
        await link.CloseAsync(code);
        _lingering = Linger(link, _receiving, Context.Time);
        await Lose(code);
    }

    // A connection that is cut while the other end still reads takes the last reports with it: it is the other end that closes, in time.
    private static async Task Linger(IFrameLink link, Task<Frame?> receiving, TimeProvider time)
    {
        using var late = new CancellationTokenSource(LingerTimeout, time);
        using (link)
        {
            try
            {
                for (var first = receiving.IsCompleted ? null : receiving; ; first = null)
                {
                    if (await (first ?? link.ReceiveAsync(late.Token)).WaitAsync(late.Token) is null)
                        return;
                }
            }
            catch (Exception e) when (e is AgentLinkException or OperationCanceledException)
            {
                // Gone, or too slow.
            }
        }
    }

    private async ValueTask Lose(string code, TimeSpan after = default)
    {
        var link = _link;
        _link = null;
        _live?.Dispose();
        _live = null;
        _handshake?.Dispose();
        _handshake = null;
        foreach (var timer in LinkTimers)
            Context.CancelTimer(timer);
        link?.Dispose();
        _lastLoss = code;
        if (_draining)
        {
            await AnswerDrained();
            return;
        }

        var wait = NextWait();
        if (after > TimeSpan.Zero)
        {
            // The node is busy and says when it has a place; another node of the list may have one then, too.
            wait = (after < LongestAfter ? after : LongestAfter) * (1 + (0.25 * Context.Random.NextDouble()));
        }

        AgentLog.LinkLost(parts.Logger, code, (long)wait.TotalMilliseconds);
        Context.StartTimer(ConnectTimer, new SessionMessage.Connect(), wait);
    }

    private TimeSpan NextWait()
    {
        var longest = parts.Settings.ReconnectFrom * (1 << Math.Min(_failures, LargestDoubling));
        _failures++;
        return (longest < parts.Settings.ReconnectTo ? longest : parts.Settings.ReconnectTo) * (1 - (0.5 * Context.Random.NextDouble()));
    }

    // A change of the session shows at once; numbers alone, which change with each hand-off, only every so often.
    private void ShowStatus()
    {
        var status = StatusOf();
        if (status == _shown && Context.IsTimerActive(StatusTimer))
            return;

        if (WriteStatus(status))
            Context.StartTimer(StatusTimer, new SessionMessage.StatusDue(), BetweenStatuses);
    }

    private bool WriteStatus((string Session, string Loss) status)
    {
        _shown = status;
        return parts.Status.Write(status.Session, status.Loss, parts.Journal.InUseCount, SecretMemory.Default.LiveBytes);
    }

    private (string Session, string Loss) StatusOf() => (
        _draining && _link is null ? "stopped" : _live is not null ? "live" : _link is not null ? "waiting-for-owner" : "connecting",
        _lastLoss);

    // What a peer says goes into the log and the status file only if it has the form of a code.
    private static string PrintableCode(string code) =>
        code.Length is > 0 and <= 63 && code.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') ? code
            : "goodbye";

    /// <summary>A session between the second and the third message.</summary>
    private sealed record PendingHandshake(AgentHandshake Handshake, Protocol.Session.OwnerHello Hello, ulong Generation) : IDisposable
    {
        public void Dispose() => Handshake.Dispose();
    }

    /// <summary>A session that came to be.</summary>
    private sealed record LiveSession(SessionContext Context, Protocol.Session.OwnerHello Hello,
        Protocol.Identifiers.PublicKey Identity) : IDisposable
    {
        public void Dispose() => Context.Dispose();
    }
}
