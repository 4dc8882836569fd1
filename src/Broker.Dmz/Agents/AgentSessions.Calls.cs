using Broker.Links.Peers;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Agents;

/// <content>
/// How agents come to the node that owns their customer: the owner calls, whoever holds links asks the zone whether that is so, and only
/// then moves sessions. Calls are gathered, so that who takes over thousands of customers calls once.
/// </content>
internal sealed partial class AgentSessions
{
    /// <summary>Customers of which it is to be looked up, or told, who owns them.</summary>
    private const int MostWaiting = 100_000;

    private const int MostMissed = 10_000;

    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan BetweenFinds = TimeSpan.FromSeconds(1);

    private readonly HashSet<Name> _toTell = [];
    private readonly HashSet<Name> _toLook = [];
    private readonly Dictionary<(Name Customer, Name Agent), long> _missed = [];

    private bool OnCall(AgentsMessage message)
    {
        switch (message)
        {
            case AgentsMessage.Owned m:
                OnOwned(m.Customer);
                return true;
            case AgentsMessage.Call:
                Call();
                return true;
            case AgentsMessage.Called m:
                OnCalled(m.Customers);
                return true;
            case AgentsMessage.Look:
                Look();
                return true;
            case AgentsMessage.Looked { Owner: { } owner } m:
                Tell(m.Customer, owner);
                return true;
            case AgentsMessage.Missing m:
                OnMissing(m);
                return true;
            case AgentsMessage.Found { Node: { } node } m:
                OnFound(m.Customer, node);
                return true;
            case AgentsMessage.Looked or AgentsMessage.Found or AgentsMessage.Told:
                return true;
            default:
                return false;
        }
    }

    private void Tell(Name customer, Name owner)
    {
        // All of them begin now, and one question is enough.
        _routing.Owners.Saw(customer, owner);
        foreach (var session in _sessions.GetValueOrDefault(customer) ?? [])
        {
            session.Tell(new AgentSessionMessage.OwnerIs(owner));
        }
    }

    private void OnOwned(Name customer)
    {
        Tell(customer, _routing.Node.Node);
        if (_routing.Node.Peers.Others.Count > 0 && _toTell.Count < MostWaiting && _toTell.Add(customer) && !Context.IsTimerActive("call"))
        {
            // The first one at once; those that follow on its heels are gathered.
            Call();
            Context.StartTimer("call", new AgentsMessage.Call(), Gather);
        }
    }

    private void Call()
    {
        foreach (var some in _toTell.Chunk(AgentRelayOperations.MaxNamed))
        {
            foreach (var peer in _routing.Node.Peers.Others)
            {
                Call(peer, some);
            }
        }

        _toTell.Clear();
    }

    private void Call(PeerCaller peer, IReadOnlyCollection<Name> customers)
    {
        var request = new Wire.CallAgentsRequest();
        request.Customers.AddRange(customers.Select(static c => c.Value));
        Context.PipeToSelf<Wire.CallAgentsReply>(
            peer.CallAsync(AgentRelayOperations.Call, request, Context.Stopping), static _ => new AgentsMessage.Told(),
            static _ => new AgentsMessage.Told());
    }

    private void OnCalled(IReadOnlyList<Name> customers)
    {
        foreach (var customer in customers)
        {
            if (_sessions.ContainsKey(customer))
            {
                _toLook.Add(customer);
            }
        }

        if (_toLook.Count > 0 && !Context.IsTimerActive("look"))
        {
            Look();
            Context.StartTimer("look", new AgentsMessage.Look(), Gather);
        }
    }

    // Who called is not believed: the zone is asked, at most once for a customer in a while, whoever calls how often.
    private void Look()
    {
        foreach (var customer in _toLook)
        {
            _routing.Owners.Forget(customer);
            Context.PipeToSelf(
                _routing.Owners.FindAsync(customer, Context.Stopping), owner => new AgentsMessage.Looked(customer, owner),
                _ => new AgentsMessage.Looked(customer, null));
        }

        _toLook.Clear();
    }

    private void OnMissing(AgentsMessage.Missing message)
    {
        var time = _routing.Node.Time;
        var key = (message.Customer, message.Agent);
        if (_missed.TryGetValue(key, out var last) && time.GetElapsedTime(last) < BetweenFinds)
        {
            return;
        }

        if (_missed.Count >= MostMissed)
        {
            _missed.Clear();
        }

        _missed[key] = time.GetTimestamp();
        Context.PipeToSelf(
            _routing.Directory.FindAsync(message.Customer, message.Agent, Context.Stopping).AsTask(),
            node => new AgentsMessage.Found(message.Customer, node), _ => new AgentsMessage.Found(message.Customer, null));
    }

    private void OnFound(Name customer, Name node)
    {
        if (node == _routing.Node.Node)
        {
            Tell(customer, node);
        }
        else if (_routing.Node.Peers.Find(node) is { } peer)
        {
            Call(peer, [customer]);
        }
    }
}
