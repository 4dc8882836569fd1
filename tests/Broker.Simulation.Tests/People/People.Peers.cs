using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Links.Peers;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <content>Who runs the nodes: has one fetch from the other, gives over, drains.</content>
internal sealed partial class People
{
    // Milliseconds for which a node that leaves waits for its successor.
    private const int Overlap = 10_000;

    private readonly Dictionary<DmzProcess, CancellationTokenSource> _collecting = [];

    /// <summary>The other node asks the active one for the customer's secret.</summary>
    public async Task Transfer()
    {
        var taker = Node(1 - _cluster.Active);
        await Of(taker, () => taker.Fetcher.Fetch(Customer, taker.Peer!, Admission.Auto, null, default));
    }

    /// <summary>The active node gives the customer over to the other one, where that holds it.</summary>
    public Task GiveOver() => Leave(Node(_cluster.Active));

    /// <summary>
    /// A node is drained: tickets for its successor, which collects, and what it owns given over. It is stopped before the successor
    /// starts, or lives until that one has come. Tickets and their key are in a memfd meanwhile.
    /// </summary>
    public async Task Drain(int index, bool lives)
    {
        var node = Node(index);
        // What leaves collects no more.
        if (_collecting.Remove(node, out var collecting))
        {
            await Of(node, () =>
            {
                collecting.Cancel();
                return Task.FromResult(true);
            });
        }

        using var key = TicketKey.Generate(_process.Fill);
        var tickets = await Of(node, () => new PeerDrain(node.Node, node.Customers, node.Peer!.Address).Draw(key, default));
        if (!lives)
        {
            await Leave(node);
        }

        if (_cluster.Dmz[index] != node)
        {
            return;
        }

        if (lives)
        {
            _cluster.SucceedDmz(index);
        }
        else
        {
            _cluster.KillDmz(index);
            await Pause(50);
            _cluster.StartDmz(index);
        }

        var successor = Node(index);
        var collected = Collect(successor, key, tickets, t => Holder(t, node, successor));
        try
        {
            if (lives)
            {
                // It does not live for as long as tickets are presented, which may be minutes where a holder is away.
                await Task.WhenAny(collected, Pause(Overlap));
            }

            if (lives && !collected.IsFaulted && _cluster.Leaving[index] == node)
            {
                await Leave(node);
                _cluster.StopLeaving(index);
            }
        }
        finally
        {
            await collected;
        }

        if (await IsUnlocked(successor))
        {
            Chosen(successor);
        }
    }

    private async Task Collect(DmzProcess successor, TicketKey key, DrawnTickets tickets, Func<DrawnTicket, PeerCaller> reach)
    {
        using var leaving = new CancellationTokenSource();
        _collecting[successor] = leaving;
        try
        {
            await Of(successor, () => new PeerSuccession(successor.Node, successor.Fetcher, NullLogger.Instance).Collect(
                key, tickets, reach, leaving.Token));
        }
        catch (OperationCanceledException)
        {
            // It is drained itself.
        }
        finally
        {
            _collecting.Remove(successor);
        }
    }

    private async Task Leave(DmzProcess node)
    {
        var given = await Of(node, () => new PeerDeparture(node.Node, node.Customers).GiveOver(default));
        if (given.Contains(Customer))
        {
            Chosen(Node(1 - node.Index));
        }
    }

    private static SimulatedPeerLink Holder(DrawnTicket ticket, DmzProcess before, DmzProcess successor) =>
        ticket.Ticket.Read<DrainTicket>().HolderNode == before.Node.Node ? successor.To(before) : successor.Peer!;

    private async Task<bool> IsUnlocked(DmzProcess node) =>
        node.Customers.Known(Customer) is { } refs && (await Status(node, refs)).State == KeyState.Unlocked;

    // A node that holds the customer is not given shares: its owner yields, or it claims by itself where that one is gone.
    private async Task<bool> TakeOver(DmzProcess node, CustomerRefs refs, Wire.CustomerState state)
    {
        if (_cluster.Dmz[1 - node.Index] is { } other && other.Node.Node.Value == state.OwnerNode)
        {
            await Of(other, () => new PeerDeparture(other.Node, other.Customers).GiveOver(default));
        }

        if ((await Status(node, refs)).State == KeyState.Holding)
        {
            await Of(node, () => refs.Key.Ask<Result<KeyStatus>>(static r => new CustomerKeyMessage.TakeOver(null, r), Patience));
        }

        return (await Status(node, refs)).State == KeyState.Unlocked;
    }
}
