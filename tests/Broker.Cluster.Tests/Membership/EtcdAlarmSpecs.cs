using System.Collections.Concurrent;
using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Wire;
using Broker.Cluster.Tests.Support;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static Broker.Cluster.Tests.Support.EtcdWorld;

namespace Broker.Cluster.Tests.Membership;

/// <summary>An alarm of etcd is shown while it stands, and logged once when it comes and once when it goes.</summary>
public sealed class EtcdAlarmSpecs
{
    private static readonly AlarmMember NoSpace = new() { MemberId = 0xA1, Alarm = AlarmType.Nospace };
    private static readonly AlarmMember Corrupt = new() { MemberId = 0xB2, Alarm = AlarmType.Corrupt };

    [Fact]
    public async Task Alarms_should_be_shown_while_they_stand_and_each_be_logged_once()
    {
        await using var world = await StartAsync();
        var lines = new Lines();
        var node = world.Node(log: lines);
        await LookedAsync(node);
        Assert.Empty(node.Status.Alarms);

        world.Etcd[0].Alarms = [Corrupt, NoSpace, NoSpace];
        await LookedAsync(node);
        await LookedAsync(node);
        Assert.Collection(
            node.Status.Alarms,
            static a => Assert.StartsWith("CORRUPT at member b2: ", a, StringComparison.Ordinal),
            static a => Assert.StartsWith("NOSPACE at member a1: ", a, StringComparison.Ordinal));
        Assert.Equal(2, lines.Count(LogLevel.Error, "etcd has raised an alarm"));

        world.Etcd[0].Alarms = [Corrupt];
        await LookedAsync(node);
        await LookedAsync(node);
        Assert.StartsWith("CORRUPT", Assert.Single(node.Status.Alarms), StringComparison.Ordinal);
        Assert.Equal((2, 1), (lines.Count(LogLevel.Error, "etcd has raised an alarm"), lines.Count(LogLevel.Information, "NOSPACE")));
    }

    [Fact]
    public async Task Alarms_should_stand_while_etcd_does_not_say_otherwise_and_membership_should_go_on()
    {
        await using var world = await StartAsync();
        world.Etcd[0].Alarms = [NoSpace];
        var node = world.Node();
        await LookedAsync(node);
        world.Etcd[0].Before = static (method, context) =>
            method == "Alarm" ? FakeEtcd.FailAsync(context, 7, "etcdserver: permission denied") : Task.CompletedTask;
        await LookedAsync(node);
        Assert.Single(node.Status.Alarms);

        await node.JoinAsync(Start("dmz-a"), Soon());
        await UntilAsync(node, "dmz-a");
        Assert.Null(node.Status.Failure);
    }

    [Fact]
    public async Task More_alarms_than_there_are_members_should_not_fill_memory_or_log()
    {
        await using var world = await StartAsync();
        world.Etcd[0].Alarms = [.. Enumerable.Range(0, 1000).Select(
            static i => new AlarmMember { MemberId = (ulong)i, Alarm = (AlarmType)(1 + (i % 5)) })];
        var lines = new Lines();
        var node = world.Node(log: lines);
        await LookedAsync(node);
        Assert.Equal(32, node.Status.Alarms.Count);
        Assert.Equal(32, lines.Count(LogLevel.Error, "etcd has raised an alarm"));
    }

    [SkippableFact]
    public async Task Etcd_without_space_should_be_told_of()
    {
        // A quota that a few values fill.
        await using var etcd = await RealEtcd.StartAsync(1, "--quota-backend-bytes=131072");
        var soon = Soon();
        await using var node = new EtcdMembership(
            new EtcdMembershipOptions(EtcdWorld.Cluster, TimeSpan.FromSeconds(60)), etcd.Client(), TimeProvider.System,
            NullLogger.Instance);
        await LookedAsync(node);
        Assert.Empty(node.Status.Alarms);

        using var client = etcd.Client(Patience.Limit);
        var full = await Assert.ThrowsAsync<EtcdException>(async () =>
        {
            for (var i = 0; !soon.IsCancellationRequested; i++)
            {
                var put = new PutRequest { Key = ByteString.CopyFromUtf8($"/fill/{i}"), Value = ByteString.CopyFrom(new byte[32 << 10]) };
                try
                {
                    await client.CallAsync(EtcdMethods.Put, put, soon);
                }
                catch (EtcdException late) when (late.Failure == EtcdFailure.Unavailable)
                {
                    // The disk stood still for longer than etcd waits for it.
                }
            }
        });
        Assert.Equal(EtcdFailure.Full, full.Failure);
        await ShownAsync(node, 1);
        Assert.StartsWith("NOSPACE at member ", Assert.Single(node.Status.Alarms), StringComparison.Ordinal);

        var disarm = new AlarmRequest { Action = AlarmRequest.Types.Action.Deactivate, Alarm = AlarmType.Nospace };
        var standing = (await client.CallAsync(EtcdMethods.Alarm, new AlarmRequest(), soon)).Alarms[0];
        disarm.MemberId = standing.MemberId;
        await client.CallAsync(EtcdMethods.Alarm, disarm, soon);
        await ShownAsync(node, 0);
    }

    // A look that etcd does not answer in time shows nothing.
    private static Task ShownAsync(EtcdMembership node, int alarms) => UntilAsync(() =>
    {
        node.Alarms.LookNow();
        return node.Status.Alarms.Count == alarms;
    });

    // The look that is under way may have begun before what the test did.
    private static async Task LookedAsync(EtcdMembership node)
    {
        for (var (i, soon) = (0, Soon()); i < 2; i++)
        {
            var before = node.Alarms.Looks;
            while (node.Alarms.Looks == before)
            {
                node.Alarms.LookNow();
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, soon);
            }
        }
    }

    private sealed class Lines : ILogger
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = [];

        public int Count(LogLevel level, string text) =>
            _lines.Count(l => l.Level == level && l.Text.Contains(text, StringComparison.Ordinal));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue((logLevel, formatter(state, exception)));
    }
}
