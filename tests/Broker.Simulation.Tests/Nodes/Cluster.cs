using Broker.Actors;
using Broker.Agent.State;
using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;

namespace Broker.Simulation.Tests;

/// <summary>The nodes of one installation with their links, disks and people. Each can be killed and started again.</summary>
internal sealed class Cluster
{
    private readonly World _world;
    private readonly Installation _installation;
    private readonly string _directory;
    private readonly Choices _seeds;

    /// <param name="world">Where.</param>
    /// <param name="installation">Certificates.</param>
    /// <param name="directory">An empty one.</param>
    /// <param name="hasPeers">Whether the nodes know each other, and two administrators sign what is grave.</param>
    public Cluster(World world, Installation installation, string directory, bool hasPeers = false)
    {
        HasPeers = hasPeers;
        _world = world;
        _installation = installation;
        _directory = directory;
        _seeds = new Choices(world.Seed ^ 0xC1A5);
        Network = new Network(world, _seeds.Next());
        Owners = new Owners(world, this);
        Epochs = new Epochs(world, this);
        KeyWatch = new KeyWatch(world, this);
        world.Oracle.Cluster = this;
        Disk.Durable = world.Oracle.Durable;
        foreach (var node in _installation.Nodes)
        {
            Directory.CreateDirectory(WitnessDirectory(node.Identity.Name));
        }

        StartZone();
        StartDmz(0);
        StartDmz(1);
        People = new People(world, this, installation, _seeds.Next());
    }

    /// <summary>Whether the nodes know each other, and two administrators sign what is grave.</summary>
    public bool HasPeers { get; }

    public Network Network { get; }

    public MemoryDisk Disk { get; } = new();

    public Owners Owners { get; }

    public Epochs Epochs { get; }

    public KeyWatch KeyWatch { get; }

    public People People { get; }

    public ZoneNode? Zone { get; private set; }

    public DmzProcess?[] Dmz { get; } = new DmzProcess?[2];

    /// <summary>Of a node that was started anew while it ran: the start before, which hands over what it has and is stopped then.</summary>
    public DmzProcess?[] Leaving { get; } = new DmzProcess?[2];

    /// <summary>All starts of DMZ nodes that run.</summary>
    public IEnumerable<DmzProcess> Running => Dmz.Concat(Leaving).OfType<DmzProcess>();

    public AgentProcess? Agent { get; private set; }

    public AgentHome? Home { get; private set; }

    /// <summary>Links of agents, the latest last.</summary>
    public List<(SimulatedFrameLink Agent, SimulatedFrameLink Node, DmzProcess To)> Links { get; } = [];

    /// <summary>The node that people use, and to which agents are sent.</summary>
    public int Active { get; set; }

    /// <summary>Called with each new process of a DMZ node and each new link: where seeded faults are put in.</summary>
    public Action<Cluster>? Changed { get; set; }

    /// <summary>The node of a process; null for others.</summary>
    public DmzProcess? NodeOf(Process? process) => process is null
        ? null
        : Dmz[0]?.Process == process ? Dmz[0]
        : Dmz[1]?.Process == process ? Dmz[1]
        : Leaving[0]?.Process == process ? Leaving[0]
        : Leaving[1]?.Process == process ? Leaving[1] : null;

    /// <summary>The process of a key's actor.</summary>
    public Process? ProcessOf(CustomerKey key) => Running.FirstOrDefault(n => n.Key == key)?.Process;

    /// <summary>The public key of the zone's ledger.</summary>
    public PublicKey LedgerKey => _installation.Ledger.PublicKey;

    /// <summary>The actors of the customer's key on the nodes that are up.</summary>
    public void ForEachKey(Action<CustomerKey> what)
    {
        foreach (var nodes in (ReadOnlySpan<DmzProcess?[]>)[Dmz, Leaving])
        {
            foreach (var node in nodes)
            {
                if (node is { Process.IsDead: false, Key: { } key })
                {
                    what(key);
                }
            }
        }
    }

    /// <summary>The actors that append outcomes.</summary>
    public void ForEachOutcomes(Action<OutcomeAppender> what)
    {
        foreach (var node in Dmz)
        {
            if (node is { Process.IsDead: false } && node.Customers.Known(People.Customer) is { } refs &&
                Cells.Children(Cells.Of(refs.Key))?.GetValueOrDefault("outcomes") is Cell<OutcomeMessage> cell &&
                Cells.Actor(cell) is OutcomeAppender outcomes)
            {
                what(outcomes);
            }
        }
    }

    public DmzProcess? NodeForAgents() => Dmz[Active] is { Process.IsDead: false } node ? node : null;

    public void StartZone()
    {
        if (Zone is null)
        {
            Zone = new ZoneNode(_world, _installation, Disk, _seeds.Next(), HasPeers);
            Changed?.Invoke(this);
        }
    }

    public void KillZone()
    {
        Zone?.Process.Kill();
        Zone = null;
    }

    public void StartDmz(int index)
    {
        if (Dmz[index] is null)
        {
            Dmz[index] = new DmzProcess(
                _world, _installation, index, WitnessDirectory(_installation.Nodes[index].Identity.Name), Network, () => Zone,
                _seeds.Next(), HasPeers ? Dmz : null);
            Changed?.Invoke(this);
        }
    }

    public void KillDmz(int index)
    {
        Dmz[index]?.Process.Kill();
        Dmz[index] = null;
    }

    /// <summary>Starts a node while its last start still runs.</summary>
    public void SucceedDmz(int index)
    {
        StopLeaving(index);
        (Leaving[index], Dmz[index]) = (Dmz[index], null);
        StartDmz(index);
    }

    /// <summary>Stops the start of a node that was succeeded.</summary>
    public void StopLeaving(int index)
    {
        Leaving[index]?.Process.Kill();
        Leaving[index] = null;
    }

    /// <summary>An agent was enrolled: its process starts.</summary>
    public void Enrolled(byte[] scalar, Protocol.Directory.Grant grant, PublicKey identity, Id16 boot)
    {
        Home = new AgentHome(StateDirectory.Open(Path.Combine(_directory, "agent"), allowDisk: true), scalar, grant, identity, boot);
        StartAgent();
    }

    public void StartAgent()
    {
        if (Home is null || Agent is not null)
        {
            return;
        }

        var identity = new Broker.Links.Identity.PeerIdentity(
            Broker.Links.Identity.LinkRole.Agent, Home.Grant.Agent, Home.Grant.Customer, false, Home.Grant.Key);
        AgentProcess? agent = null;
        agent = new AgentProcess(_world, Home, new SimulatedDialer(this, () => agent!.Process, identity), _seeds.Next());
        Agent = agent;
        Changed?.Invoke(this);
    }

    public void KillAgent()
    {
        Agent?.Process.Kill();
        Agent = null;
    }

    /// <summary>Nothing goes wrong any more, and whoever is down is started.</summary>
    public void Heal()
    {
        Network.IsHealed = true;
        Disk.Fate = null;
        StopLeaving(0);
        StopLeaving(1);
        StartZone();
        StartDmz(0);
        StartDmz(1);
        StartAgent();
    }

    /// <summary>Agents that hold a link to another node than the active one are sent away, as a node does that drains.</summary>
    public void SendAgentsHome()
    {
        foreach (var (agent, _, to) in Links)
        {
            if (to != Dmz[Active])
            {
                agent.Cut();
            }
        }
    }

    /// <summary>Consoles and agents go to the node that owns the customer, where the active one does not.</summary>
    public void FollowOwner()
    {
        if (Dmz[1 - Active]?.Key?.Shape is { State: KeyState.Unlocked } other && Dmz[Active]?.Key?.Shape.State != KeyState.Unlocked &&
            other.Fence == _world.Oracle.Customer(People.Customer)?.Fence)
        {
            Active = 1 - Active;
            SendAgentsHome();
        }
    }

    private string WitnessDirectory(Name node) => Path.Combine(_directory, node.Value);
}
