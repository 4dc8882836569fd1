using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.HandOvers;

/// <summary>An agent that holds, or may come to hold, an earlier version than the promoted one, by a hand-off of the journal.</summary>
/// <param name="HandOff">The hand-off.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Items">What it was handed.</param>
/// <param name="IsOpen">Whether its use is open; else the hand-off is still under way.</param>
internal sealed record Holder(Id16 HandOff, Name Agent, IReadOnlyList<LaunchItem> Items, bool IsOpen)
{
    /// <summary>Reads a hand-off of the journal; null where it holds no earlier version that the promotion replaces.</summary>
    public static Holder? Of(Wire.HandOff found, HandOverOrder order, PromotePayload promotion)
    {
        try
        {
            var made = LaunchOrder.Read(Statement.Read<SignedRequest>(found.Request.Span), found.Launch.Memory);
            var items = made.Launch.Items;
            return found.HeadCounter < order.Counter && promotion.Covers(made.Launch.Agent) &&
                items.Any(i => i.Credential == order.Credential && i.Version != order.Version)
                ? new Holder(made.HandOff, made.Launch.Agent, items, found.State == HandOffState.Acknowledged)
                : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    /// <summary>The launch that puts the promoted version in its place.</summary>
    public HolderLaunch Launch(HandOverOrder order, uint round) => new(
        Agent, HandOff, [.. Items.Select(i => i.Credential == order.Credential ? i with { Version = order.Version } : i)], round);
}
