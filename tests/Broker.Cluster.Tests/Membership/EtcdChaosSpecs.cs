using System.Collections.Concurrent;
using Broker.Cluster.Etcd;
using Broker.Cluster.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using static Broker.Cluster.Tests.Support.EtcdWorld;

namespace Broker.Cluster.Tests.Membership;

/// <summary>
/// Faults of every kind in any order, at two members of etcd and among three nodes. Whatever happened: views only go forward and have each
/// node once; and when it is over, all agree on who has joined, and that is what etcd holds.
/// </summary>
public sealed class EtcdChaosSpecs
{
    private const int Steps = 40;

    private static readonly Name Acme = Name.Parse("acme");
    private static readonly string[] Names = ["dmz-a", "dmz-b", "dmz-c"];

    [Fact]
    public Task Members_should_agree_when_it_is_over() => Fuzz.EachAsync(4, RunAsync);

    private static async Task RunAsync(SeededRandom random)
    {
        await using var world = await StartAsync(members: 2);
        var nodes = Names.ToDictionary(static n => n, _ => world.Node(attempt: TimeSpan.FromMilliseconds(300)));
        var joined = new Dictionary<string, byte>();
        var agents = new Dictionary<Name, (string Node, ulong Link)>();
        var heard = new ConcurrentQueue<string>();
        foreach (var (name, node) in nodes)
        {
            var last = 0ul;
            node.Watch(view =>
            {
                if (view.Version <= last && view.Version != 0)
                    heard.Enqueue($"{name} went from {last} to {view.Version}");
                if (!Nodes(view).SequenceEqual(Nodes(view).Distinct().Order(StringComparer.Ordinal)))
                    heard.Enqueue($"{name} saw {string.Join(',', Nodes(view))}");
                last = view.Version;
            });
        }

        for (var i = 0; i < Steps; i++)
        {
            if (random.Below(4) == 0)
                Move(nodes, agents, random);
            else
                await StepAsync(world, nodes, joined, random);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Below(15)), TimeProvider.System, Soon());
        }

        foreach (var etcd in world.Etcd)
            Heal(etcd);
        // Time passes: what was given up without a word is over, and so is what is kept.
        foreach (var lease in world.Store.Leases)
            world.Store.Expire(lease);
        foreach (var (name, incarnation) in joined)
            await nodes[name].JoinAsync(Start(name, incarnation), Soon());
        foreach (var node in nodes.Values)
            await BeatAsync(node);
        Member[] expected = [.. joined.OrderBy(static j => j.Key, StringComparer.Ordinal).Select(static j => Start(j.Key, j.Value))];
        foreach (var node in nodes.Values)
            await UntilAsync(node, view => view.IsCurrent && view.Members.SequenceEqual(expected));
        // Shown is what etcd holds.
        foreach (var member in expected)
        {
            Assert.True(MemberEntries.TryRead(member.Node, world.Store.Find(Keys.Member(member.Node))!.Value, out var held));
            Assert.Equal(member, held);
        }

        Assert.Empty(heard);
        foreach (var (agent, (name, _)) in agents)
        {
            var at = joined.ContainsKey(name) ? Name.Parse(name) : (Name?)null;
            for (var soon = Soon(); await nodes[name].Agents.FindAsync(Acme, agent, default) is var found && found != at;)
            {
                Assert.False(soon.IsCancellationRequested, $"{agent} is at {at}, and is said to be at {found}");
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }
    }

    // An agent's connection ends at one node and begins at another.
    private static void Move(
        Dictionary<string, EtcdMembership> nodes, Dictionary<Name, (string Node, ulong Link)> agents, SeededRandom random)
    {
        var agent = Name.Parse($"web-{random.Below(5)}");
        var next = Names[random.Below(Names.Length)];
        var (before, link) = agents.GetValueOrDefault(agent, (next, 0ul));
        nodes[before].Agents.Withdraw(Acme, agent, link);
        nodes[next].Agents.Publish(Acme, agent, link + 1);
        agents[agent] = (next, link + 1);
    }

    private static async Task StepAsync(
        EtcdWorld world, Dictionary<string, EtcdMembership> nodes, Dictionary<string, byte> joined, SeededRandom random)
    {
        var etcd = world.Etcd[random.Below(world.Etcd.Count)];
        var name = Names[random.Below(Names.Length)];
        var node = Name.Parse(name);
        switch (random.Below(15))
        {
            case 0:
                etcd.CutWatches();
                break;
            case 1:
                var paused = new TaskCompletionSource();
                etcd.Before = (_, _) => paused.Task;
                break;
            case 2:
                etcd.Before = static (_, context) => FakeEtcd.FailAsync(context, 14, "etcdserver: no leader");
                break;
            case 3:
                etcd.After = static (_, context) => Abort(context);
                break;
            case 4:
                etcd.After = static (_, _) => Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
                break;
            case 5:
                etcd.Repeats = random.Below(4);
                break;
            case 6 when world.Store.Leases is { Count: > 0 } leases:
                world.Store.Expire(leases[random.Below(leases.Count)]);
                break;
            case 7:
                world.Store.Compact();
                break;
            case 8:
                world.Store.Delete(Keys.Member(node));
                break;
            case 9:
                world.Store.Put(Keys.Member(node), ByteString.CopyFromUtf8("rubbish"), lease: random.Below(2));
                break;
            case 10 when joined.Remove(name):
                await nodes[name].LeaveAsync(Soon());
                break;
            case 11 or 12 when !joined.ContainsKey(name):
                joined[name] = (byte)(1 + random.Below(200));
                _ = nodes[name].JoinAsync(Start(name, joined[name]), Soon()).ContinueWith(
                    static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                break;
            default:
                Heal(etcd);
                nodes[name].BeatNow();
                break;
        }
    }

    private static void Heal(FakeEtcd etcd)
    {
        etcd.Before = etcd.After = static (_, _) => Task.CompletedTask;
        etcd.Repeats = 1;
    }

    private static Task Abort(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }
}
