using System.Diagnostics;
using System.Net;
using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Session;
using Broker.Agent.State;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;

namespace Broker.Benchmarks.Scale;

/// <summary>
/// Agents that are enrolled, in this one process: each with the actors, the session, the journal and the certificate that it has in a
/// process of its own. Their uses hold what they get for a second.
/// </summary>
internal sealed class AgentFleet : IAsyncDisposable
{
    /// <summary>Descriptors that each needs in this process: its connection and its journal.</summary>
    public const int Descriptors = 2;

    /// <summary>Connections from one address to one server; the system has some 28,000 ports for them.</summary>
    public const int FromOneAddress = 20_000;

    private const int AtOnce = 64;
    private const int JournalLimit = 1_000_000;

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = new("fleet");
    private readonly SemaphoreSlim _connecting = new(AtOnce);
    private readonly SessionCount _live = new();
    private readonly Id16 _boot = BootId.Read();
    private readonly List<IDisposable> _files = [];
    private readonly IReadOnlyDictionary<Name, NamedUse> _uses = new Dictionary<Name, NamedUse>
    {
        [AdministratorCalls.Use] = new()
        {
            Name = AdministratorCalls.Use,
            Mode = UseMode.Hold,
            AtMost = JournalLimit,
            HoldFor = TimeSpan.FromSeconds(1),
        },
    };

    private static SessionSettings Settings { get; } = new()
    {
        ReconnectFrom = TimeSpan.FromMilliseconds(500),
        ReconnectTo = TimeSpan.FromSeconds(5),
        HandshakeTimeout = TimeSpan.FromMinutes(2),
        SessionLife = TimeSpan.FromHours(1),
        RenewRetry = TimeSpan.FromMinutes(5),
    };

    /// <summary>Agents that were started.</summary>
    public int Count { get; private set; }

    /// <summary>Where the connections of an agent come from; null: where the system chooses.</summary>
    public static IPAddress? From(int agent) =>
        agent < FromOneAddress ? null : new IPAddress([127, 0, 0, (byte)(1 + (agent / FromOneAddress))]);

    /// <summary>Reads an agent's certificate and key.</summary>
    public static Enrolled Load(string directory) =>
        Enrolled.Load(StateDirectory.Open(directory, allowDisk: true), BootId.Read(), TimeProvider.System.GetUtcNow());

    /// <summary>Starts an agent, which connects as soon as it is its turn.</summary>
    /// <param name="directory">What its enrolment left.</param>
    /// <param name="nodes">Whom it connects to, the first of them first.</param>
    public void Start(string directory, IReadOnlyList<Uri> nodes)
    {
        var state = StateDirectory.Open(directory, allowDisk: true);
        var enrolled = Load(directory);
        var journal = HandOffJournal.Load(state, TimeProvider.System, JournalLimit);
        _files.Add(journal);
        _files.Add(enrolled);
        var uses = _system.Spawn(Props<UsesMessage>.Of(static () => new UsesActor()), $"uses-{Count}");
        var credentials = _system.Spawn(Props<CredentialsMessage>.Of(() => new CredentialsActor(uses)), $"credentials-{Count}");
        var parts = new SessionParts
        {
            Enrolled = enrolled,
            Boot = _boot,
            Witness = Witness.Load(state),
            Journal = journal,
            Status = new StatusFile(state, TimeProvider.System),
            Uses = _uses,
            Slots = new UseSlots(),
            Dialer = new FleetDialer(nodes, From(Count), _connecting),
            Settings = Settings,
            Credentials = credentials,
            Logger = _live.OfOne(),
        };
        _system.Spawn(Props<SessionMessage>.Of(() => new SessionActor(parts)), $"session-{Count}");
        Count++;
    }

    /// <summary>Waits until every agent has its session.</summary>
    public async Task LiveAsync(TimeSpan patience)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var shown = begun; _live.Live < Count;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            if (Stopwatch.GetElapsedTime(begun) > patience)
            {
                throw new InvalidOperationException(
                    $"{_live.Live} of {Count} agents have a session after {patience.TotalSeconds:0} s; losses: {_live.Losses}");
            }

            if (Stopwatch.GetElapsedTime(shown) > TimeSpan.FromSeconds(5))
            {
                await Console.Error.WriteLineAsync($"  {_live.Live} of {Count} agents have a session …");
                shown = Stopwatch.GetTimestamp();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _system.TerminateAsync(StopPatience);
        foreach (var file in _files)
            file.Dispose();
        _connecting.Dispose();
    }
}
