using Broker.Actors;
using Broker.Cluster;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Placement;

/// <summary>What <c>/cluster</c> understands.</summary>
internal abstract record PlacementMessage
{
    private PlacementMessage()
    {
    }

    /// <summary>Look whose owner is gone, and from time to time whether everything is where it belongs.</summary>
    public sealed record Tick : PlacementMessage;

    /// <summary>A start of a peer is gone, or answers no more: what it may have owned is looked at now.</summary>
    public sealed record Gone(Name Node) : PlacementMessage;

    /// <summary>Somebody came or went.</summary>
    public sealed record Changed(ClusterView View) : PlacementMessage;
}

/// <summary>
/// Brings customers to where they belong: claims those whose owner is gone, gives over those that another is first for, wipes what enough
/// others hold. It decides when to ask; the zone's fence decides who owns, the key actor who is handed what.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="customers">Its customers.</param>
/// <param name="options">How many hold, how often is moved.</param>
/// <param name="intake">Asks for what this node is to hold.</param>
/// <param name="log">Where it says what it does.</param>
internal sealed partial class PlacementKeeper(
    DmzContext node, CustomerRegistry customers, PlacementOptions options, ActorRef<PeerIntakeMessage>? intake, ILogger log)
    : Actor<PlacementMessage>
{
    private const int MostAtOnce = 32;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ArrangeEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    // Who did not run for so long does not know any more what it owns.
    private static readonly TimeSpan Paused = TimeSpan.FromSeconds(2);

    private readonly Queue<Name> _doubted = [];
    private ClusterView _view = ClusterView.Empty;
    private long _ticked = node.Time.GetTimestamp();
    private long _arranged = node.Time.GetTimestamp();

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new PlacementMessage.Tick());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(PlacementMessage message)
    {
        switch (message)
        {
            case PlacementMessage.Changed m:
                _view = m.View;
                if (m.View.IsCurrent)
                {
                    intake?.TryTell(new PeerIntakeMessage.Again());
                }

                break;
            case PlacementMessage.Tick:
                await Tick();
                break;
            case PlacementMessage.Gone m when node.Time.GetElapsedTime(_ticked) <= Paused:
                LookAgain(m.Node);
                await ClaimOrphans();
                break;
            case PlacementMessage.Gone:
                // This node was stopped itself; the next tick finds what is so.
                break;
            default:
                Context.Unhandled(message);
                break;
        }
    }

    private async Task Tick()
    {
        var slept = node.Time.GetElapsedTime(_ticked) > Paused;
        if (slept)
        {
            Doubt();
        }

        AskOwners();
        LookAtStale();
        if (!slept)
        {
            // One that was stopped itself first hears from its peers again.
            await ClaimOrphans();
        }

        if (node.Time.GetElapsedTime(_arranged) > ArrangeEvery)
        {
            // What was moved leaves room for what is next: order is not made at five seconds a few.
            if (!_view.IsCurrent || _view.Find(node.Node) is null || !await Arrange())
            {
                _arranged = node.Time.GetTimestamp();
            }
        }

        _ticked = node.Time.GetTimestamp();
        Context.StartTimer("tick", new PlacementMessage.Tick(), Interval);
    }

    /// <summary>Whatever is owned here may have been claimed while this process did not run.</summary>
    private void Doubt()
    {
        Log.Slept(log);
        _doubted.Clear();
        foreach (var held in node.Held.All.Where(static h => h.State == KeyState.Unlocked))
        {
            _doubted.Enqueue(held.Customer);
        }
    }

    private void AskOwners()
    {
        for (var asked = 0; asked < MostAtOnce && _doubted.TryDequeue(out var customer); asked++)
        {
            if (node.Held.Find(customer) is { State: KeyState.Unlocked, Owner: { } owner } && customers.Known(customer) is { } refs)
            {
                refs.Key.Tell(new CustomerKeyMessage.AskOwner(owner.Fence));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2801, LogLevel.Warning, "this process did not run for a while: who owns what it owned is looked up")]
        public static partial void Slept(ILogger log);

        [LoggerMessage(2802, LogLevel.Warning, "customer {Customer}: its owner {Owner} is gone; claimed, as number {Place} in order")]
        public static partial void Claimed(ILogger log, Name customer, Name owner, int place);

        [LoggerMessage(2803, LogLevel.Information, "customer {Customer}: its owner {Owner} is gone; not claimed here ({Code})")]
        public static partial void NotClaimed(ILogger log, Name customer, Name owner, string code);

        [LoggerMessage(2804, LogLevel.Information, "customer {Customer}: given over to {Node}, which is first for it")]
        public static partial void Moved(ILogger log, Name customer, Name node);

        [LoggerMessage(2805, LogLevel.Information, "customer {Customer}: held by {Holders} others, wiped here")]
        public static partial void Spared(ILogger log, Name customer, int holders);
    }
}
