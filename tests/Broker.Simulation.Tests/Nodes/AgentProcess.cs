using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Link;
using Broker.Agent.Session;
using Broker.Agent.State;
using Broker.Agent.Uses;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Simulation.Tests;

/// <summary>One start of an agent's process: the real actors and files (on tmpfs) over a simulated link.</summary>
internal sealed class AgentProcess
{
    private static readonly SessionSettings Settings = new()
    {
        ReconnectFrom = TimeSpan.FromMilliseconds(100),
        ReconnectTo = TimeSpan.FromSeconds(1),
        HandshakeTimeout = TimeSpan.FromSeconds(10),
        SessionLife = TimeSpan.FromSeconds(30),
        RenewRetry = TimeSpan.FromSeconds(30),
    };

    private static readonly NamedUse Hold = new()
    {
        Name = Name.Parse("hold"),
        Mode = UseMode.Hold,
        AtMost = 4,
        HoldFor = TimeSpan.FromSeconds(2),
    };

    public AgentProcess(World world, AgentHome home, ILinkDialer dialer, ulong seed)
    {
        Process = new Process(world, $"agent-{home.Grant.Agent}", seed);
        world.Run(Process, () =>
        {
            Enrolled = new Enrolled(home.Directory, home.Grant, home.Identity, P256PrivateKey.FromScalar(home.Scalar), null!);
            Journal = HandOffJournal.Load(home.Directory, Process.Time, 10_000);
            Witness = Witness.Load(home.Directory);
        });
        Process.OnKill(Journal.Dispose);
        System = Process.NewSystem("agent");
        Uses = System.Spawn(Props<UsesMessage>.Of(static () => new UsesActor()), "uses");
        var uses = Uses;
        Credentials = System.Spawn(Props<CredentialsMessage>.Of(() => new CredentialsActor(uses)), "credentials");
        var parts = new SessionParts
        {
            Enrolled = Enrolled,
            Boot = home.Boot,
            Witness = Witness,
            Journal = Journal,
            Status = new StatusFile(home.Directory, Process.Time),
            Uses = new Dictionary<Name, NamedUse> { [Hold.Name] = Hold },
            Slots = new UseSlots(),
            Dialer = dialer,
            Settings = Settings,
            Credentials = Credentials,
            Logger = NullLogger.Instance,
        };
        Session = System.Spawn(Props<SessionMessage>.Of(() => new SessionActor(parts)), "session");
        System.Events.Subscribe(world.Oracle.OnEvent);
    }

    public Process Process { get; }

    public ActorSystem System { get; }

    public Enrolled Enrolled { get; private set; } = null!;

    public HandOffJournal Journal { get; private set; } = null!;

    public Witness Witness { get; private set; } = null!;

    public ActorRef<UsesMessage> Uses { get; }

    public ActorRef<CredentialsMessage> Credentials { get; }

    public ActorRef<SessionMessage> Session { get; }
}

/// <summary>What outlives an agent's processes: its files, its key, its grant, its boot.</summary>
internal sealed record AgentHome(StateDirectory Directory, byte[] Scalar, Grant Grant, PublicKey Identity, Id16 Boot);

/// <summary>Dials whichever node the world says.</summary>
internal sealed class SimulatedDialer(Cluster cluster, Func<Process> self, PeerIdentity identity) : ILinkDialer
{
    public Task<IFrameLink> ConnectAsync(InstallationKey key, CancellationToken cancellation)
    {
        var dialled = new TaskCompletionSource<IFrameLink>();
        cluster.Network.After(cluster.Network.Latency(), () =>
        {
            var (node, process) = (cluster.NodeForAgents(), self());
            if (node is null || process.IsDead)
            {
                dialled.TrySetException(new LinkLostException("not-connected"));
                return;
            }

            var (mine, theirs) = SimulatedFrameLink.Pair(cluster.Network, process, node.Process);
            cluster.Links.Add((mine, theirs, node));
            node.Process.Post(() => _ = Serve(node, theirs));
            dialled.TrySetResult(mine);
        });
        cancellation.UnsafeRegister(static (state, token) => ((TaskCompletionSource<IFrameLink>)state!).TrySetCanceled(token), dialled);
        return dialled.Task;
    }

    private async Task Serve(DmzProcess node, SimulatedFrameLink link)
    {
        await node.Endpoints.Serve(identity, link, CancellationToken.None);
        link.Dispose();
    }
}
