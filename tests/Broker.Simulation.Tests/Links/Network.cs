namespace Broker.Simulation.Tests;

/// <summary>What happens to one thing on a link.</summary>
internal enum LinkFault
{
    /// <summary>Nothing but a little time.</summary>
    None,

    /// <summary>It takes long.</summary>
    Delay,

    /// <summary>It never arrives.</summary>
    Drop,

    /// <summary>It arrives twice.</summary>
    Duplicate,

    /// <summary>The connection is cut.</summary>
    Disconnect,

    /// <summary>Of a call: it is executed, and its answer never arrives.</summary>
    DropReply,
}

/// <summary>The links of a world: how long things take, and which of them a schedule has chosen to spoil.</summary>
internal sealed class Network(World world, ulong seed)
{
    private readonly Choices _choices = new(seed);
    private readonly Dictionary<int, LinkFault> _faults = [];
    private int _sent;

    /// <summary>Things sent so far.</summary>
    public int Sent => _sent;

    /// <summary>When set, nothing goes wrong any more.</summary>
    public bool IsHealed { get; set; }

    /// <summary>Spoils the so manieth thing that is sent.</summary>
    public void Spoil(int number, LinkFault fault) => _faults[number] = fault;

    /// <summary>The fate of the next thing.</summary>
    public LinkFault Next(string what)
    {
        if (!_faults.Remove(_sent++, out var fault) || IsHealed)
        {
            return LinkFault.None;
        }

        world.Trace?.Invoke($"{world.Clock.UtcNow:mm:ss.fff} turn {world.Turns,4} network      {fault} of {what}");
        return fault;
    }

    /// <summary>How long it is on its way.</summary>
    public TimeSpan Latency(LinkFault fault = LinkFault.None) => fault == LinkFault.Delay
        ? TimeSpan.FromMilliseconds(50 << _choices.Below(8))
        : TimeSpan.FromMicroseconds(_choices.OneIn(8) ? _choices.Below(4000) : _choices.Below(200));

    public void After(TimeSpan delay, Action action) => world.After(delay, action);
}
