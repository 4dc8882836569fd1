using Broker.Links.Agents;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;

namespace Broker.Simulation.Tests;

/// <summary>One end of a simulated agent link. Frames keep their order, are copied, take time, get lost, arrive twice.</summary>
internal sealed class SimulatedFrameLink : IFrameLink
{
    private readonly Network _network;
    private readonly Process _owner;
    private readonly Queue<byte[]> _arrived = [];
    private readonly Queue<byte[]> _onTheWay = [];
    private TaskCompletionSource<Frame?>? _receiving;
    private SimulatedFrameLink? _other;
    private bool _ended;
    private bool _lost;
    private bool _closed;
    private long _lastArrival;

    private SimulatedFrameLink(Network network, Process owner) => (_network, _owner) = (network, owner);

    /// <summary>Sees and replaces what is sent: a seeded fault of a relay.</summary>
    public Func<byte[], byte[]?>? Relay { get; set; }

    /// <summary>Frames that wait to be received, for the digest.</summary>
    public int Waiting => _arrived.Count + _onTheWay.Count;

    public bool IsOpen => !_lost && !_ended;

    public static (SimulatedFrameLink A, SimulatedFrameLink B) Pair(Network network, Process a, Process b)
    {
        var (first, second) = (new SimulatedFrameLink(network, a), new SimulatedFrameLink(network, b));
        (first._other, second._other) = (second, first);
        a.OnKill(first.Cut);
        b.OnKill(second.Cut);
        return (first, second);
    }

    public Task SendAsync(Frame frame, CancellationToken cancellationToken)
    {
        if (_lost || _closed || _other!._lost)
        {
            return Task.FromException(new AgentLinkException(AgentLinkException.Lost, "the link was lost"));
        }

        var fault = _network.Next(frame.KindCase.ToString());
        // The transport loses nothing silently; a relay may keep sealed messages back, and one that keeps back others only delays a
        // handshake until either end begins anew.
        if (fault == LinkFault.Disconnect || (fault == LinkFault.Drop && frame.KindCase != Frame.KindOneofCase.SealedMessage))
        {
            Cut();
            return Task.FromException(new AgentLinkException(AgentLinkException.Lost, "the link was lost"));
        }

        if (fault != LinkFault.Drop)
        {
            var bytes = frame.ToByteArray();
            if (Relay is not null)
            {
                if (Relay(bytes) is not { } relayed)
                {
                    return Task.CompletedTask;
                }

                bytes = relayed;
            }

            _other.Travel(bytes, fault);
            if (fault == LinkFault.Duplicate)
            {
                _other.Travel(bytes, LinkFault.None);
            }
        }

        return Task.CompletedTask;
    }

    public Task<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_arrived.TryDequeue(out var bytes))
        {
            return Task.FromResult<Frame?>(Frame.Parser.ParseFrom(bytes));
        }

        if (_lost)
        {
            return Task.FromException<Frame?>(new AgentLinkException(AgentLinkException.Lost, "the link was lost"));
        }

        if (_ended)
        {
            return Task.FromResult<Frame?>(null);
        }

        var receiving = _receiving = new TaskCompletionSource<Frame?>();
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.UnsafeRegister(
                static (state, token) => ((TaskCompletionSource<Frame?>)state!).TrySetCanceled(token), receiving);
        }

        return receiving.Task;
    }

    public async Task CloseAsync(string code)
    {
        if (_closed || _lost)
        {
            return;
        }

        try
        {
            await SendAsync(new Frame { Goodbye = new Goodbye { Code = code } }, CancellationToken.None);
        }
        catch (AgentLinkException)
        {
            return;
        }

        _closed = true;
        // An empty message stands for the end of the stream.
        _other!.Travel([], LinkFault.None);
    }

    public void Dispose() => Cut();

    /// <summary>The same bytes arrive here once more.</summary>
    public void Repeat(byte[] bytes) => Travel(bytes, LinkFault.None);

    /// <summary>The connection is gone at both ends.</summary>
    public void Cut()
    {
        if (_lost)
        {
            return;
        }

        Lose();
        _network.After(_network.Latency(), _other!.Lose);
    }

    private void Lose()
    {
        if (_lost)
        {
            return;
        }

        _lost = true;
        if (!_owner.IsDead)
        {
            var lost = new AgentLinkException(AgentLinkException.Lost, "the link was lost");
            Interlocked.Exchange(ref _receiving, null)?.TrySetException(lost);
        }
    }

    private void Travel(byte[] bytes, LinkFault fault)
    {
        _onTheWay.Enqueue(bytes);
        var clock = _owner.World.Clock;
        var arrival = Math.Max(_lastArrival, clock.Now + _network.Latency(fault).Ticks);
        _lastArrival = arrival;
        _network.After(TimeSpan.FromTicks(arrival - clock.Now), Arrive);
    }

    private void Arrive()
    {
        var bytes = _onTheWay.Dequeue();
        if (_lost || _owner.IsDead)
        {
            return;
        }

        if (bytes.Length == 0)
        {
            _ended = true;
            Interlocked.Exchange(ref _receiving, null)?.TrySetResult(null);
        }
        else if (Interlocked.Exchange(ref _receiving, null) is { Task.IsCompleted: false } receiving)
        {
            receiving.TrySetResult(Frame.Parser.ParseFrom(bytes));
        }
        else
        {
            _arrived.Enqueue(bytes);
        }
    }
}
