using Broker.Dmz.Requests;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Customers;

/// <summary>
/// Just after this node took a customer over, its agents are on their way here: what is launched for one that has not come yet waits for
/// it a moment, instead of ending unsent.
/// </summary>
internal sealed partial class CustomerKey
{
    private const string ArrivalTimer = "arrival";

    // They come within tenths of a second. Who has not after a part of the time is looked for, since the call may have been lost.
    private const double BeforeLook = 0.25;

    private readonly Dictionary<Name, List<CustomerKeyMessage.Seal>> _arriving = [];

    private int SealsForArriving => _arriving.Values.Sum(static s => s.Count);

    private void ExpectAgents() => Context.StartTimer(ArrivalTimer, new CustomerKeyMessage.Arriving(IsOver: false), BeforeLook * Arrival);

    // The end of a hand-off by time comes behind it.
    private TimeSpan Arrival =>
        _node.Limits.Arrival < _node.Limits.HandOffTimeout / 2 ? _node.Limits.Arrival : _node.Limits.HandOffTimeout / 2;

    // What it says is examined when it is sealed, as ever; before that it decides only for whom it waits.
    private bool WaitsForAgent(CustomerKeyMessage.Seal message)
    {
        if (!Context.IsTimerActive(ArrivalTimer) || SealsForArriving >= _node.Limits.MaxInFlight ||
            OrderOf(message.Request, message.Launch) is not { Launch.Agent: var agent } || Session(agent) is not null)
        {
            return false;
        }

        if (!_arriving.TryGetValue(agent, out var seals))
        {
            _arriving[agent] = seals = [];
        }

        seals.Add(message);
        return true;
    }

    private void Arrived(Name agent)
    {
        if (_arriving.Remove(agent, out var seals))
        {
            seals.ForEach(OnSeal);
        }
    }

    private void OnArriving(CustomerKeyMessage.Arriving message)
    {
        if (_state != KeyState.Unlocked)
        {
            return;
        }

        if (!message.IsOver)
        {
            foreach (var agent in _arriving.Keys)
            {
                _node.Summons.Missing(_customer, agent);
            }

            Context.StartTimer(ArrivalTimer, new CustomerKeyMessage.Arriving(IsOver: true), (1 - BeforeLook) * Arrival);
            return;
        }

        Context.CancelTimer(ArrivalTimer);
        foreach (var agent in _arriving.Keys.ToList())
        {
            Arrived(agent);
        }
    }

    private void ExpectNobody(Refused refusal)
    {
        Context.CancelTimer(ArrivalTimer);
        foreach (var seal in _arriving.Values.SelectMany(static s => s))
        {
            seal.Provisioning.Tell(new ProvisioningMessage.NotSealed(refusal));
        }

        _arriving.Clear();
    }
}
