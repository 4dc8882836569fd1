using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>Chooses what befalls a fleet next, by a seed.</summary>
internal sealed class Faults(Fleet fleet, SeededRandom random)
{
    /// <summary>One of all kinds; a full round of them comes before any comes again.</summary>
    private readonly Queue<Func<Fault>> _left = [];

    private IReadOnlyList<Func<Fault>> All =>
    [
        KillDmz, KillZone, PauseDmz, PauseZone, CutOneWay, CutBothWays, KillEtcdLeader, EtcdGone, DatabaseRestarted, DatabaseGone, DiskFull,
        KillDmz, CutOneWay,
    ];

    public Fault Next()
    {
        if (_left.Count == 0)
        {
            foreach (var kind in All.OrderBy(_ => random.Below(int.MaxValue)).ToList())
                _left.Enqueue(kind);
        }

        return _left.Dequeue()();
    }

    private T OneOf<T>(IReadOnlyList<T> from) => from[random.Below(from.Count)];

    private Fault KillDmz() => Kill(OneOf(fleet.Dmz), takesSecrets: true);

    private Fault KillZone() => Kill(OneOf(fleet.Zones), takesSecrets: false);

    public static Fault Kill(Node node, bool takesSecrets) => new(
        $"kill {node.Name}", takesSecrets ? [node.Name] : [], node.KillAsync, () => Done(node.Start));

    private Fault PauseDmz() => Pause(OneOf(fleet.Dmz));

    private Fault PauseZone() => Pause(OneOf(fleet.Zones));

    private static Fault Pause(Node node) => new($"pause {node.Name}", [], () => Done(node.Pause), () => Done(node.Resume));

    private Fault CutOneWay()
    {
        var (from, to) = Pair();
        return new Fault(
            $"cut {from.Name} to {to.Name}", [],
            () => Done(() => fleet.Network.Cut(from, to)), () => Done(() => fleet.Network.Heal(from, to)));
    }

    private Fault CutBothWays()
    {
        var (a, b) = Pair();
        return new Fault(
            $"cut {a.Name} and {b.Name}", [],
            () => Done(() => { fleet.Network.Cut(a, b); fleet.Network.Cut(b, a); }),
            () => Done(() => { fleet.Network.Heal(a, b); fleet.Network.Heal(b, a); }));
    }

    // A DMZ node, and another node of either zone.
    private (Machine From, Machine To) Pair()
    {
        var node = OneOf(fleet.Dmz);
        var other = OneOf([.. fleet.Nodes.Where(n => n != node)]);
        return random.Below(2) == 0 ? (node.Machine, other.Machine) : (other.Machine, node.Machine);
    }

    public Fault KillEtcdLeader()
    {
        int? leader = null;
        return new Fault("kill the leader of etcd", [], async () =>
        {
            leader = await fleet.Etcd.LeaderAsync() ?? 0;
            await fleet.Etcd.KillAsync(leader.Value);
        }, async () =>
        {
            fleet.Etcd.Start(leader!.Value);
            await fleet.Etcd.LedAsync();
        });
    }

    public Fault EtcdGone() => new("kill all of etcd", [], async () =>
    {
        for (var member = 0; member < fleet.Etcd.Count; member++)
            await fleet.Etcd.KillAsync(member);
    }, async () =>
    {
        for (var member = 0; member < fleet.Etcd.Count; member++)
            fleet.Etcd.Start(member);
        await fleet.Etcd.LedAsync();
    });

    private Fault DatabaseRestarted() => new("restart the database", [], async () =>
    {
        await fleet.Database.StopAsync();
        await fleet.Database.StartAsync();
    }, static () => Task.CompletedTask);

    private Fault DatabaseGone() => new("stop the database", [], fleet.Database.StopAsync, fleet.Database.StartAsync);

    // A server that could not write its log ends, or is about to: its operator starts it again.
    private Fault DiskFull() => new("fill the database's disk", [], () => Done(fleet.Database.FillDisk), async () =>
    {
        fleet.Database.EmptyDisk();
        await fleet.Database.RunningAsync();
    });

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
