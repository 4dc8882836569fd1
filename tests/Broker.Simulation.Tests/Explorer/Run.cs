using Broker.CredentialZone.Store;
using Broker.Dmz.Customers;
using Broker.Protocol.Ledger;

namespace Broker.Simulation.Tests;

/// <summary>What one run of a schedule reached.</summary>
internal sealed record Reached(
    int Turns, int Changes, int Claims, ulong Locks, ulong Lifts, int Intents, int Sealed, int Opened, int Barred, ulong Digest,
    IReadOnlyList<string> Ends, IReadOnlyDictionary<string, int> Counts);

/// <summary>Runs one schedule: the steps among the turns, then everything heals and has to come to its end.</summary>
internal sealed class Run
{
    private const int MostTurns = 60_000;

    private static readonly long SettleTime = TimeSpan.FromSeconds(90).Ticks;

    private readonly World _world;
    private readonly Cluster _cluster;
    private readonly Schedule _schedule;
    private readonly StateDigest _digest;

    private Run(World world, Cluster cluster, Schedule schedule, States? states)
    {
        (_world, _cluster, _schedule) = (world, cluster, schedule);
        _digest = new StateDigest(world, cluster, states);
        world.Observed = _digest.Observe;
    }

    /// <summary>Runs a schedule from nothing.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="workshop">What this thread keeps between worlds.</param>
    /// <param name="real">Whether on the real cryptography.</param>
    /// <param name="mutation">A seeded fault; null for the product as it is.</param>
    /// <param name="states">Where distinct states are counted.</param>
    /// <exception cref="Violation">An invariant did not hold.</exception>
    public static Reached Of(Schedule schedule, Workshop workshop, bool real = false, Mutation? mutation = null, States? states = null,
        Action<string>? trace = null)
    {
        using var world = new World(schedule.Seed, real, workshop.Arena) { Trace = trace };
        var cluster = new Cluster(world, workshop.Installation, workshop.Empty(), schedule.HasPeers);
        mutation?.Apply(world, cluster);
        return new Run(world, cluster, schedule, states).Go();
    }

    private Reached Go()
    {
        _cluster.People.Begin("set-up", SetUp);
        foreach (var step in _schedule.Steps)
        {
            TurnUntil(() => _world.Turns >= step.At || _cluster.People.IsIdle, long.MaxValue);
            Do(step);
        }

        TurnUntil(() => _cluster.People.IsIdle, long.MaxValue);
        Settle();
        var oracle = _world.Oracle;
        return new Reached(
            _world.Turns, oracle.ChangeCount, oracle.ClaimCount, oracle.LockCount, oracle.LiftCount, oracle.IntentCount, oracle.SealedCount,
            oracle.OpenedCount, oracle.BarredCount, _digest.History, [.. oracle.Ends], oracle.Counts);
    }

    private async Task SetUp()
    {
        await _cluster.People.Enrol();
        await _cluster.People.Unlock(_cluster.Active);
        await _cluster.People.SetUp();
    }

    private void TurnUntil(Func<bool> reached, long until)
    {
        while (!reached())
        {
            if (_world.Turns > MostTurns)
            {
                _world.Oracle.Fail("never-rests", $"still running after so many turns; waiting: {_cluster.People.Waiting}");
                _world.Oracle.ThrowIfFound();
            }

            if (!_world.Turn(until))
            {
                return;
            }
        }
    }

    private void Do(Step step)
    {
        var people = _cluster.People;
        _world.Trace?.Invoke($"{_world.Clock.UtcNow:mm:ss.fff} turn {_world.Turns,4} step {step}");
        switch (step.Kind)
        {
            case StepKind.Launch:
                people.Begin("launch", people.Launch);
                break;
            case StepKind.Relaunch:
                people.Begin("relaunch", () => people.Relaunch(step.What));
                break;
            case StepKind.PutNext:
                people.Begin("put", people.PutNext);
                break;
            case StepKind.Replay:
                people.Begin("replay", () => people.Replay(step.What));
                break;
            case StepKind.EndUse:
                people.Begin("end use", () => people.EndUse(step.What));
                break;
            case StepKind.Lock:
                people.Begin("lock", () => people.Lock(_cluster.Active));
                break;
            case StepKind.Wipe:
                people.Begin("wipe", () => people.Wipe(_cluster.Active));
                break;
            case StepKind.Unlock:
                people.Begin("unlock", () => people.Unlock(_cluster.Active));
                break;
            case StepKind.UnlockOther:
                people.Begin("unlock other", () => people.Unlock(1 - _cluster.Active));
                break;
            case StepKind.Rotate:
                people.Begin("rotate", () => people.Rotate(step.What));
                break;
            case StepKind.ChangeCustody:
                people.Begin("change custody", () => people.ChangeCustody(step.What));
                break;
            case StepKind.ReplayCustody:
                people.Begin("replay custody", () => people.ReplayCustody(step.What));
                break;
            case StepKind.GiveOld:
                people.Begin("give old", () => people.GiveOld(step.What));
                break;
            case StepKind.Transfer:
                people.Begin("transfer", people.Transfer);
                break;
            case StepKind.GiveOver:
                people.Begin("give over", people.GiveOver);
                break;
            case StepKind.Drain:
                people.Begin("drain", () => people.Drain(
                    step.What % 4 == 0 ? 1 - _cluster.Active : _cluster.Active, lives: step.What / 4 % 2 == 0));
                break;
            default:
                Befall(step);
                break;
        }
    }

    private void Befall(Step step)
    {
        var node = step.What % 4 == 0 ? 1 : 0;
        switch (step.Kind)
        {
            case StepKind.KillDmz:
                _cluster.KillDmz(node);
                break;
            case StepKind.StartDmz:
                _cluster.StartDmz(node);
                if (node == _cluster.Active)
                {
                    _cluster.People.Begin("unlock after a crash", () => _cluster.People.Unlock(node));
                }

                break;
            case StepKind.KillZone:
                _cluster.KillZone();
                break;
            case StepKind.StartZone:
                _cluster.StartZone();
                break;
            case StepKind.KillAgent:
                _cluster.KillAgent();
                break;
            case StepKind.StartAgent:
                _cluster.StartAgent();
                break;
            case StepKind.CutLinks:
                _cluster.Links.ForEach(static l => l.Agent.Cut());
                break;
            case StepKind.SpoilLink:
                _cluster.Network.Spoil(_cluster.Network.Sent + (step.What >> 8) % 16, (LinkFault)(1 + (step.What % 5)));
                break;
            case StepKind.SpoilCommit:
                SpoilCommit((step.What >> 8) % 4, (CommitFate)(1 + (step.What % 3)));
                break;
            case StepKind.SlowDisk when _cluster.Zone is { } zone:
                zone.SlowDisk = TimeSpan.FromMilliseconds(50 << (step.What % 8));
                break;
        }
    }

    private void SpoilCommit(int after, CommitFate fate)
    {
        var others = _cluster.Disk.Fate;
        _cluster.Disk.Fate = () =>
        {
            if (after-- > 0)
            {
                return others?.Invoke() ?? CommitFate.Kept;
            }

            _cluster.Disk.Fate = others;
            return fate;
        };
    }

    // Faults end, whoever is down comes back, the customer is unlocked; then every request has to end and nothing may be left over.
    private void Settle()
    {
        _cluster.Heal();
        var until = _world.Clock.Now + SettleTime;
        if (_cluster.People.IsEnrolled)
        {
            _cluster.People.Begin("unlock at last", () => _cluster.People.Unlock(_cluster.Active));
            TurnUntil(() => _cluster.People.IsIdle, until);
            _cluster.SendAgentsHome();
            TurnUntil(IsSettled, until);
            if (!IsSettled())
            {
                _world.Oracle.Fail(_schedule.HasPeers ? HolderRest.Of(_cluster)?.Code ?? "stuck" : "stuck", Unsettled());
            }
        }

        if (!_cluster.People.IsIdle)
        {
            _world.Oracle.Fail("stuck", $"somebody waits for ever: {_cluster.People.Waiting}");
        }

        _world.Oracle.ThrowIfFound();
        Lock();
    }

    private bool IsSettled()
    {
        if (_schedule.HasPeers)
        {
            _cluster.FollowOwner();
            if (_cluster.People.IsIdle && _world.Oracle.Customer(People.Customer) is { IsLocked: true })
            {
                // A lock that came late, after its user had been told that its fate is not known.
                _cluster.People.Begin("unlock again", () => _cluster.People.Unlock(_cluster.Active));
            }
        }

        return IsAllAtRest();
    }

    private bool IsAllAtRest() => _cluster.People.IsIdle && IsAtRest(_cluster.Dmz[_cluster.Active]?.Key?.Shape) &&
        !_cluster.Disk.AllHandOffs.Any(IsOpen) && (!_schedule.HasPeers || HolderRest.Of(_cluster) is null);

    // An agent that does not follow the customer's identity ends its uses without saying so.
    private bool IsOpen(HandOffRecord handOff) =>
        handOff.IsOpen && !(_cluster.Epochs.IsBroken && handOff.State == HandOffState.Acknowledged);

    private static bool IsAtRest(KeyShape? key) =>
        key is { State: KeyState.Unlocked, IsPending: false, InFlight: 0, Outcomes: 0, Early: 0, IsRecovered: true };

    private string? LastFailure => _cluster.Dmz[_cluster.Active]?.Key is { } key ? Inside.Get<string?>(key, "_lastFailure") : null;

    private string Unsettled()
    {
        var open = _cluster.Disk.AllHandOffs.Where(static h => h.IsOpen).Select(static h => $"{h.State}/{h.UseState} attempt {h.Attempt}");
        return $"after faults have ended: key {_cluster.Dmz[_cluster.Active]?.Key?.Shape} {LastFailure}, agent {_digest.AgentShape}, " +
            $"people wait for [{_cluster.People.Waiting}], open [{string.Join(", ", open)}] {HolderRest.Of(_cluster)}";
    }

    // At the end all is locked, and no key is left anywhere.
    private void Lock()
    {
        if (_schedule.HasPeers && _cluster.People.IsEnrolled)
        {
            _cluster.People.Begin("lock of all", () => _cluster.People.LockForCertain(_cluster.Active));
            TurnUntil(() => _cluster.People.IsIdle, _world.Clock.Now + SettleTime);
            _world.Oracle.ThrowIfFound();
            LookAtSecrets();
        }

        for (var node = 0; node < 2; node++)
        {
            var index = node;
            _cluster.People.Begin("last lock", () => _cluster.People.Wipe(index));
        }

        TurnUntil(() => _cluster.People.IsIdle, _world.Clock.Now + SettleTime);
        LookAtSecrets();
    }

    private void LookAtSecrets()
    {
        foreach (var node in _cluster.Dmz)
        {
            if (node!.Process.LiveSecrets != 1)
            {
                _world.Oracle.Fail("secret-after-lock", $"{node.Process.Name} holds {node.Process.LiveSecrets} buffers after the lock");
            }
        }

        _world.Oracle.ThrowIfFound();
    }
}
