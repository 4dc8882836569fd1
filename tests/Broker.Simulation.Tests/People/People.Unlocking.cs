using Broker.Dmz.Customers;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <content>Unlocking.</content>
internal sealed partial class People
{
    private static readonly TimeSpan UnlockPatience = TimeSpan.FromSeconds(45);

    /// <summary>Custodians give their shares to a node, and where a lock stands an administrator lifts it.</summary>
    public async Task Unlock(int index)
    {
        var until = _process.Time.GetUtcNow() + UnlockPatience;
        while (_process.Time.GetUtcNow() < until)
        {
            try
            {
                if (!IsEnrolled || await TryUnlock(Node(index)))
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is ZoneException or Actors.ActorException or GoneException)
            {
                // Tried again.
            }

            await Pause(500);
        }
    }

    private async Task<bool> TryUnlock(DmzProcess node)
    {
        var refs = (await Of(node, async () => await node.Customers.Find(Customer, exists: true))).Value ?? throw new GoneException();
        var state = await State(node);
        var before = await Status(node, refs);
        if (before.State == KeyState.Unlocked && before.Fence == state?.Fence && state.LockGeneration == state.LiftedGeneration)
        {
            return Chosen(node);
        }

        if (before.State == KeyState.Unlocked)
        {
            // Another node has claimed the customer since, or a lock stands whose answer was lost: this key can do nothing.
            await Wipe(node);
        }

        if (state is null || MakingOf(WireSigned.From(state.Custody)) is not { } making)
        {
            return false;
        }

        if (before.State is KeyState.Holding or KeyState.Receiving or KeyState.Claiming)
        {
            return await TakeOver(node, refs, state) && Chosen(node);
        }

        await Give(node, refs, making, WireSigned.From(state.Custody));
        var status = await UntilUnlocked(node, TimeSpan.FromSeconds(6));
        if (status.State == KeyState.LiftNeeded)
        {
            await Lift(node, refs);
            status = await UntilUnlocked(node, TimeSpan.FromSeconds(6));
        }

        return status.State == KeyState.Unlocked && Chosen(node);
    }

    // By one way, and by as few custodians as are enough.
    private async Task Give(DmzProcess node, CustomerRefs refs, Making making, Signed custody)
    {
        if (making.Model.Wraps.Count > 0 && (making.Threshold == 0 || _choices.OneIn(2)))
        {
            await Give(node, making.Custody.Find(Safe)!, 0, () =>
            {
                var wrap = WrapFor(making, node);
                return refs.Key.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.GiveWrap(wrap, custody, r), Patience);
            });
            return;
        }

        var first = _cluster.HasPeers ? (uint)_choices.Below(making.Model.Shares.Count) : 0;
        for (uint i = 0; i < making.Threshold; i++)
        {
            var index = (first + i) % (uint)making.Model.Shares.Count + 1;
            var share = ShareFor(making, index, node);
            await Give(node, making.Custody.Shares!, index, () =>
                refs.Key.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.GiveShare(share, custody, r), Patience));
        }
    }

    private Task<Result<KeyStatus>> Give(DmzProcess node, KeptWay way, uint index, Func<Task<Result<KeyStatus>>> give)
    {
        node.SharesGiven++;
        node.IsSaidLocked = false;
        node.Given.Add((way.Split, index));
        return Of(node, give);
    }

    private bool Chosen(DmzProcess node)
    {
        _cluster.Active = node.Index;
        _cluster.SendAgentsHome();
        return true;
    }

    private async Task Lift(DmzProcess node, CustomerRefs refs)
    {
        if (await State(node) is not { } state)
        {
            return;
        }

        var request = Request(UserAction.LiftLock, new LockPayload(state.LockGeneration, "again"), Alice);
        var (entries, head) = await Read(node, [EntryKey.User(Alice)]);
        await Of(node, () => refs.Key.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.Lift(request, entries, head, r), Patience));
    }

    private async Task<KeyStatus> UntilUnlocked(DmzProcess node, TimeSpan patience)
    {
        var refs = node.Customers.Known(Customer) ?? throw new GoneException();
        var until = _process.Time.GetUtcNow() + patience;
        for (var wait = 2; ; wait = Math.Min(wait * 2, 500))
        {
            var status = await Status(node, refs);
            if (status.State is KeyState.Unlocked or KeyState.LiftNeeded or KeyState.Locked or KeyState.Unknown ||
                _process.Time.GetUtcNow() > until)
            {
                return status;
            }

            await Pause(wait);
        }
    }

    private Task<KeyStatus> Status(DmzProcess node, CustomerRefs refs) =>
        Of(node, () => refs.Key.Ask<KeyStatus>(static r => new CustomerKeyMessage.GetStatus(r), Patience));

    private async Task<Wire.CustomerState?> State(DmzProcess node)
    {
        try
        {
            var request = new Wire.GetCustomerRequest { Customer = Customer.Value };
            return await Of(node, () => node.Node.Zone.GetCustomerAsync(request, default));
        }
        catch (ZoneRefusedException refused) when (refused.Code == Codes.CustomerUnknown)
        {
            return null;
        }
    }

    private async Task<(IReadOnlyList<ProvenEntry> Entries, Signed Head)> Read(DmzProcess node, IReadOnlyList<EntryKey> keys)
    {
        var request = new Wire.ReadEntriesRequest { Customer = Customer.Value };
        request.Keys.AddRange(keys.Select(static k => new Wire.EntryKey { Type = k.Type, Id = k.Id }));
        var reply = await Of(node, () => node.Node.Zone.ReadEntriesAsync(request, default));
        return ([.. reply.Entries.Select(ProvenEntry.From)], WireSigned.From(reply.Head));
    }

    // The custodian accepts the head that the zone has: after a crash of both nodes nobody else remembers one.
    private ShareModel ShareFor(Making making, uint index, DmzProcess node)
    {
        using var share = making.Open(index);
        var head = _world.Oracle.Customer(Customer)!.Head;
        var sealedShare = share.SealForUnlock(
            node.Node.Incarnation.Key, CustodyInfo.AcceptedHead(head.Counter, head.Root), _process.Fill);
        return new ShareModel(share.Epoch, share.Split.ToString(), index, sealedShare, head.Counter, head.Root.ToString(), null);
    }

    private WrapModel WrapFor(Making making, DmzProcess node)
    {
        using var wrap = making.OpenWrap();
        var head = _world.Oracle.Customer(Customer)!.Head;
        var sealedWrap = wrap.SealForUnlock(
            node.Node.Incarnation.Key, CustodyInfo.AcceptedHead(head.Counter, head.Root), _process.Fill);
        return new WrapModel(
            wrap.Epoch, wrap.Way.Value, wrap.Split.ToString(), sealedWrap, head.Counter, head.Root.ToString(), null);
    }
}
