using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Node;
using Broker.Dmz.Witnesses;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Peers;

/// <summary>What nodes ask each other about who owns what: calls for the owner, and who holds.</summary>
internal sealed partial class PeerService
{
    /// <summary>The most customers of one question.</summary>
    public const int MaxHoldings = 256;

    /// <summary>The most agents of one question.</summary>
    public const int MaxAgents = 500;

    private const int PerCustomer = 256;

    private readonly InFlight _forwarded = new(PerCustomer, ForwardGate.PerPeer * 4);

    /// <summary>Answers a call that another node took. What a user signed is verified by the key, as if it had come here.</summary>
    public async Task<ZoneAnswer<Wire.ForwardReply>> Forward(
        PeerIdentity peer, Wire.ForwardRequest request, CancellationToken cancellation)
    {
        if (owned is null)
        {
            return ZoneRefusal.Refused(TransferCodes.NotForwarded, "this node takes no calls of consoles");
        }

        var customer = Name.Parse(request.Customer);
        if (!_forwarded.TryEnter(customer))
        {
            return ZoneRefusal.Busy(Codes.Busy, "too many calls of this customer are under way; try again");
        }

        try
        {
            return await owned.Answer(peer, request, cancellation);
        }
        finally
        {
            _forwarded.Leave(customer);
        }
    }

    /// <summary>How customers stand here.</summary>
    public Task<ZoneAnswer<Wire.HoldingsReply>> Holdings(PeerIdentity _, Wire.HoldingsRequest request, CancellationToken __)
    {
        if (request.Customers.Count > MaxHoldings)
        {
            throw new MalformedException($"at most {MaxHoldings} customers at a time");
        }

        if (request.Agents.Count > MaxAgents)
        {
            throw new MalformedException($"at most {MaxAgents} agents at a time");
        }

        var reply = Holdings(node, request.Customers, agents);
        if (request.Agents.Count > 0 && agents is not null)
        {
            var customer = Name.Parse(request.AgentsOf);
            reply.Agents.AddRange(request.Agents.Where(a => agents.Contains(customer, Name.Parse(a))));
        }

        return Task.FromResult<ZoneAnswer<Wire.HoldingsReply>>(reply);
    }

    /// <summary>How customers stand on a node.</summary>
    /// <exception cref="MalformedException">One has no name of a customer.</exception>
    public static Wire.HoldingsReply Holdings(DmzContext node, IEnumerable<string> customers, ConnectedAgents? agents)
    {
        var reply = new Wire.HoldingsReply
        {
            Sessions = (uint)(agents?.Count ?? 0),
            Version = NodeVersion.Text,
            LowestAgent = agents?.LowestVersion ?? 0,
        };
        foreach (var customer in customers)
        {
            var name = Name.Parse(customer);
            var held = node.Held.Find(name);
            var written = new WitnessFile(node.WitnessDirectory, node.Cluster, name).LastWritten;
            reply.Holdings.Add(new Wire.Holding
            {
                Customer = customer,
                State = held?.State ?? "",
                Fence = held is { State: KeyState.Unlocked, Owner: { } owner } ? owner.Fence : 0,
                WitnessedMs = (ulong)Math.Max(written?.ToUnixTimeMilliseconds() ?? 0, 0),
                Failure = held?.Failure ?? "",
            });
        }

        return reply;
    }
}
