using Broker.Dmz.Requests;

namespace Broker.Dmz.Customers;

/// <summary>
/// The zone refused this owner's fence: another claim came after it. What was open can no longer be ended from here, so the actor
/// leaves the owner's role, reads the customer afresh and claims again; who is deposed too often gives way and wipes.
/// </summary>
internal sealed partial class CustomerKey
{
    private const string ReclaimTimer = "reclaim";
    private const string OwnerTimer = "owner";
    private const int MaxReclaims = 3;

    private static readonly TimeSpan ReclaimWindow = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ReclaimDelay = TimeSpan.FromMilliseconds(500);

    private readonly Queue<long> _reclaims = [];

    private static Refused Deposed { get; } =
        new(Codes.FenceStale, "another node claimed the customer, and this one claims it again; send the same request again");

    private void OnDeposed(CustomerKeyMessage.Deposed message)
    {
        if (_state != KeyState.Unlocked || message.Fence != _fence)
        {
            return;
        }

        if (GivesWay())
        {
            return;
        }

        Log.Deposed(_log, _customer, _fence);
        EndSessions(Codes.FenceStale);
        DropChange();
        Abandon(Deposed);
        _leaves.Clear();
        _turn++;
        while (_reclaims.TryPeek(out var first) && _node.Time.GetElapsedTime(first) > ReclaimWindow)
        {
            _reclaims.Dequeue();
        }

        if (_reclaims.Count >= MaxReclaims)
        {
            Fail(Codes.FenceStale);
            return;
        }

        _reclaims.Enqueue(_node.Time.GetTimestamp());
        (_state, _claims) = (KeyState.Claiming, 0);
        _witnesses.Add(_head!.Value);
        Context.StartTimer(AbandonTimer, new CustomerKeyMessage.Abandon(_turn), _node.Limits.ShareTimeout);
        _writer!.Tell(new WriterMessage.Load());
    }

    /// <summary>A lock that nobody told this owner of. One who claimed since then lifted it, or found it by themselves.</summary>
    private void OnLockStands(CustomerKeyMessage.LockStands message)
    {
        if (_state == KeyState.Unlocked && message.Fence == _fence)
        {
            OnLock(new CustomerKeyMessage.Lock("a lock stands, the zone says", null, message.Generation));
        }
    }

    /// <summary>Who waits is told; the journal has what is open, and whoever owns the customer next settles it from there.</summary>
    private void Abandon(Refused refusal)
    {
        foreach (var open in _inFlight.Values)
        {
            Context.CancelTimer(open.HandOff);
            open.Provisioning?.Tell(new ProvisioningMessage.NotSealed(refusal));
        }

        _inFlight.Clear();
        _uses.Clear();
        _ended.ForEach(e => e.Provisioning?.Tell(new ProvisioningMessage.NotSealed(refusal)));
        _ended.Clear();
        _recovered = false;
        _early.ForEach(m => m.Provisioning.Tell(new ProvisioningMessage.NotSealed(refusal)));
        _early.Clear();
        ExpectNobody(refusal);
    }

    /// <summary>A head that this actor does not know may be that of another owner; a moment later it is certain who owns.</summary>
    private void AskWhoOwns()
    {
        if (_state == KeyState.Unlocked && !Context.IsTimerActive(OwnerTimer))
        {
            Context.StartTimer(OwnerTimer, new CustomerKeyMessage.AskOwner(_fence), ReclaimDelay);
        }
    }

    private void OnReclaim(CustomerKeyMessage.Reclaim message)
    {
        if (_state == KeyState.Claiming && message.Turn == _turn)
        {
            _writer!.Tell(new WriterMessage.Load());
        }
    }

    /// <summary>
    /// Whether a failed step of claiming again is taken again a little later: the key is not lost to a zone that is away, or to a disk.
    /// </summary>
    private bool TriesAgain(string code)
    {
        if (_state != KeyState.Claiming || code is not (Codes.ZoneUnavailable or Codes.WitnessUnavailable))
        {
            return false;
        }

        Context.StartTimer(ReclaimTimer, new CustomerKeyMessage.Reclaim(_turn), ReclaimDelay);
        return true;
    }
}
