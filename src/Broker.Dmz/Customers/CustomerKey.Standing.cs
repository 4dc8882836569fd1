using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Customers;

/// <summary>
/// How the customer stands here, for those on this node who ask often; and the way back from owner to holder, for one that another node
/// overtook: it keeps what it holds, and claims again only when that node is gone.
/// </summary>
internal sealed partial class CustomerKey
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(30);

    private readonly Queue<long> _overtakings = [];
    private HeldCustomer? _published;
    private bool _gaveWay;
    private CustomerOwner? _owner;

    protected override ValueTask Receive(CustomerKeyMessage message)
    {
        try
        {
            Handle(message);
        }
        finally
        {
            Publish();
        }

        return ValueTask.CompletedTask;
    }

    private void Publish()
    {
        var owner = _state == KeyState.Unlocked
            ? new CustomerOwner(_node.Node, _node.Incarnation.Key.Fingerprint, _fence)
            : _state == KeyState.Holding ? _owner : null;
        var failure = _state is KeyState.Unlocked or KeyState.Holding ? null : _lastFailure;
        if (_published?.State != _state || _published.Owner != owner || _published.Failure != failure)
        {
            while (_overtakings.TryPeek(out var first) && _node.Time.GetElapsedTime(first) > Remembered)
            {
                _overtakings.Dequeue();
            }

            _published = new HeldCustomer(_customer, _state, owner, _node.Time.GetTimestamp(), _overtakings.Count, failure);
            _node.Held.Saw(_published);
        }
    }

    /// <summary>Who owns it, by the zone's word.</summary>
    private void SawOwner(LoadedCustomer loaded) => _owner =
        Name.TryParse(loaded.State.OwnerNode, out var node) && loaded.State.OwnerIncarnation.Length == Digest.Length
            ? new CustomerOwner(node, new Digest(loaded.State.OwnerIncarnation.Span), loaded.State.Fence)
            : null;

    /// <summary>Whether the one that overtook this owner is a node that this one knows: then it is no rival, it took over.</summary>
    private bool IsOwnedByPeer(LoadedCustomer loaded) =>
        !IsOwnedBy(loaded) && Name.TryParse(loaded.State.OwnerNode, out var node) && _node.Peers.Find(node) is not null;

    /// <summary>
    /// Whether the customer has begun another epoch since its secret came here: then what is held opens nothing new, and the owner is asked
    /// for the secret that counts. No fault of anybody, so nothing is recorded.
    /// </summary>
    private bool EndsWithEpoch(LoadedCustomer loaded)
    {
        try
        {
            if (WireSigned.From(loaded.State.Custody).Read<CustodyRecord>().Epoch <= _secret!.Epoch)
            {
                return false;
            }
        }
        catch (MalformedException)
        {
            return false;
        }

        _lastFailure = Codes.EpochChanged;
        Answer(new Refused(Codes.EpochChanged, "the customer has another secret now; ask its owner for it"));
        Wipe("the customer's epoch has changed");
        return true;
    }

    private void StepBack(LoadedCustomer loaded)
    {
        Context.CancelTimer(AbandonTimer);
        _witnesses.Clear();
        _witnesses.Add(_head!.Value);
        (_state, _head, _pending, _claim, _loaded) = (KeyState.Holding, null, null, null, null);
        _turn++;
        // What is held was not fought for: the count of claims begins anew.
        _reclaims.Clear();
        if (!_gaveWay)
        {
            _overtakings.Enqueue(_node.Time.GetTimestamp());
        }

        _gaveWay = false;
        SawOwner(loaded);
        TransferLog.SteppedBack(_log, _customer, loaded.State.OwnerNode, loaded.State.Fence);
        WatchHolding();
    }
}
