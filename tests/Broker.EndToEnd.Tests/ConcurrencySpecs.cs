using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// Launches while credentials are entered: the head moves under them, and each is released again until it stands under the one that counts.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class ConcurrencySpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task Launches_should_succeed_while_the_head_moves()
    {
        const int puts = 200;
        const int launches = 600;
        var options = new ClusterOptions { Uses = """digest { mode = stdin, at-most = 512, command = [ "/usr/bin/sha256sum" ] }""" };
        await using var cluster = await Cluster.StartReadyAsync(certificates, options, "digest");
        await cluster.RunAsync(output, async () =>
        {
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            await cluster.Api.LoginAsync(alice);
            await cluster.PutAsync("steady", Canary.Make());
            var changing = ForEachAsync(4, puts, async i =>
            {
                var put = await alice.PutAsync(cluster.Api, $"other-{i}", Canary.Make(), "web");
                var answer = await Eventually.DecidedAsync(() => cluster.Api.SendAsync(put, ApiJson.Default.ChangedModel));
                // One whose answer was lost was committed before.
                Assert.True(answer.Value is not null || answer.Code == "already-committed", $"{put.Path}: {answer.Code}");
            });
            await ForEachAsync(16, launches, async _ =>
            {
                var ended = await HandOffs.LaunchAsync(cluster, alice, "digest", "steady");
                Assert.Equal((HandOffState.Acknowledged, ""), (ended.State, ended.Code));
            });
            await changing;
        });
    }

    private static Task ForEachAsync(int workers, int count, Func<int, Task> work) => Parallel.ForEachAsync(
        Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = workers }, async (i, _) => await work(i));
}
