using Broker.Links.Zone;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>
/// A customer's people at their consoles, doing what the gateway and brokerctl do, in a process of their own that is never killed.
/// Whatever is refused or lost they try again or leave; what they are told the oracle holds against the ledger.
/// </summary>
internal sealed partial class People
{
    public static readonly Name Customer = Name.Parse("acme");

    private static readonly Name Alice = Name.Parse("alice");
    private static readonly Name Bob = Name.Parse("bob");
    private static readonly Name Carol = Name.Parse("carol");
    public static readonly Name Web = Name.Parse("web-1");
    private static readonly Name Policy = Name.Parse("web");
    private static readonly Name Database = Name.Parse("db");
    private static readonly Name Hold = Name.Parse("hold");
    private static readonly Name Safe = Name.Parse("safe");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly World _world;
    private readonly Cluster _cluster;
    private readonly Installation _installation;
    private readonly Process _process;
    private readonly Dictionary<Name, P256PrivateKey> _users = [];
    private readonly List<P256PrivateKey> _custodians = [];
    private readonly List<P256PrivateKey> _safes = [];
    private readonly Choices _choices;
    private readonly List<Flow> _flows = [];

    public People(World world, Cluster cluster, Installation installation, ulong seed)
    {
        (_world, _cluster, _installation) = (world, cluster, installation);
        _process = new Process(world, "people", seed);
        _choices = new Choices(seed ^ 0x9E0B1E);
        world.Run(_process, () =>
        {
            _users[Alice] = P256PrivateKey.Generate(_process.Fill);
            _users[Carol] = P256PrivateKey.Generate(_process.Fill);
            for (var i = 0; i < 3; i++)
            {
                _custodians.Add(P256PrivateKey.Generate(_process.Fill));
            }

            if (cluster.HasPeers)
            {
                _users[Bob] = P256PrivateKey.Generate(_process.Fill);
                _safes.Add(P256PrivateKey.Generate(_process.Fill));
                _safes.Add(P256PrivateKey.Generate(_process.Fill));
                _custodians.Add(P256PrivateKey.Generate(_process.Fill));
                _custodians.Add(P256PrivateKey.Generate(_process.Fill));
            }
        });
    }

    /// <summary>Whether everything that was begun has ended.</summary>
    public bool IsIdle => _flows.TrueForAll(static f => f.Task is { IsCompleted: true });

    /// <summary>What has not ended.</summary>
    public string Waiting => string.Join(", ", _flows.Where(static f => f.Task is not { IsCompleted: true }).Select(static f => f.Name));

    /// <summary>Begins something.</summary>
    public void Begin(string name, Func<Task> what)
    {
        var flow = new Flow(name);
        _flows.Add(flow);
        _process.Post(() => flow.Task = Guard(what));
    }

    // What people may meet: a refusal is a value; these are the ways in which a node or a link is gone.
    private static async Task Guard(Func<Task> what)
    {
        try
        {
            await what();
        }
        catch (Exception problem) when (problem is ZoneException or Actors.ActorException or OperationCanceledException or GoneException)
        {
            // Told as an error; whoever began it may begin it again.
        }
    }

    private DmzProcess Node(int index) => _cluster.Dmz[index] ?? throw new GoneException();

    private Task Pause(TimeSpan time) => Task.Delay(time, _process.Time);

    private Task Pause(int milliseconds) => Pause(TimeSpan.FromMilliseconds(milliseconds));

    // Whoever waits for a node's answer notices when the node is gone.
    private async Task<T> Of<T>(DmzProcess node, Func<Task<T>> call)
    {
        if (node.Process.IsDead)
        {
            throw new GoneException();
        }

        var answer = new TaskCompletionSource<T>();
        node.Process.OnKill(() => _process.Post(() => answer.TrySetException(new GoneException())));
        node.Process.Post(() => _ = Forward());
        return await answer.Task;

        async Task Forward()
        {
            try
            {
                var value = await call();
                _process.Post(() => answer.TrySetResult(value));
            }
            catch (Exception problem)
            {
                _process.Post(() => answer.TrySetException(problem));
            }
        }
    }

    private SignedRequest Request<T>(UserAction action, T payload, Name user, Id16? key = null, Name? with = null)
        where T : IStatement<T>
    {
        var encoded = payload.Encode();
        var request = new Request(
            _installation.Cluster, Customer, user, action.Name, key ?? NewId(), _process.Time.GetUtcNow() + TimeSpan.FromMinutes(10),
            Digest.Of(encoded));
        var statement = request.Encode();
        IEnumerable<Name> signers = with is { } other ? [user, other] : [user];
        return new SignedRequest(statement, encoded, [.. signers.Select(s => new UserSignature(s, Sign(_users[s], statement)))]);
    }

    private static byte[] Sign(P256PrivateKey key, ReadOnlySpan<byte> message)
    {
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(message, signature);
        return signature;
    }

    private Id16 NewId()
    {
        Span<byte> bytes = stackalloc byte[Id16.Length];
        _process.Random.Fill(bytes);
        return new Id16(bytes);
    }

    private static NamedKey Named(string name, P256PrivateKey key) => new(Name.Parse(name), PublicKey.Parse(key.PublicKey));

    private sealed class GoneException : Exception;

    private sealed class Flow(string name)
    {
        public string Name => name;

        public Task? Task { get; set; }
    }
}
