using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Protocol.Requests;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <content>Locking.</content>
internal sealed partial class People
{
    /// <summary>An administrator locks the customer: in the zone first, then on the node, which tells the others.</summary>
    public async Task Lock(int index)
    {
        var node = Node(index);
        var request = Request(UserAction.Lock, new LockPayload(0, "stop"), Alice);
        var reply = await Of(node, () => node.Node.Zone.LockAsync(
            new Wire.LockRequest { Customer = Customer.Value, Request = ByteString.CopyFrom(request.Encode()) }, default));
        _world.Oracle.ToldLocked(Customer, reply.Generation);
        await Wipe(node, _cluster.HasPeers ? reply.Generation : 0);
        if (_cluster.HasPeers)
        {
            await WipeElsewhere(node, reply.Generation);
        }
    }

    /// <summary>Locks, again and again until the zone says that it is locked.</summary>
    public Task LockForCertain(int index) => Insist(async () =>
    {
        await Lock(index);
        return true;
    });

    /// <summary>A node is told to forget the key.</summary>
    public async Task Wipe(DmzProcess node, ulong generation = 0)
    {
        if (node.Customers.Known(Customer) is not { } refs)
        {
            return;
        }

        var given = node.SharesGiven;
        var status = await Of(node, () => refs.Key.Ask<KeyStatus>(r => new CustomerKeyMessage.Lock("test", r, generation), Patience));
        if (given == node.SharesGiven && status.State == KeyState.Locked)
        {
            node.IsSaidLocked = true;
        }
    }

    public Task Wipe(int index) => Wipe(Node(index));

    // The answer names who has wiped: there nothing may be left, unless somebody has given shares since. What is on its way from another
    // holder may not come in either: whoever wipes has asked for nothing.
    private async Task WipeElsewhere(DmzProcess node, ulong generation)
    {
        if (_cluster.Dmz[1 - node.Index] is not { } other)
        {
            return;
        }

        var begun = other.SharesGiven;
        var (confirmed, _) = await Of(node, () => PeerLocks.Wipe(node.Node, Customer, generation, default));
        if (confirmed.Count > 0 && other == _cluster.Dmz[1 - node.Index] && begun == other.SharesGiven)
        {
            other.IsSaidLocked = true;
            _world.Oracle.ToldWiped(other);
        }
    }
}
