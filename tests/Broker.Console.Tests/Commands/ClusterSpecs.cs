using Broker.Console.Tests.Support;
using Broker.Protocol.Api;

namespace Broker.Console.Tests.Commands;

public sealed class ClusterSpecs
{
    private static readonly ClusterStatusModel Status = new("dmz-1", true, 1, 2, [], [], null);

    [Fact]
    public async Task Alarms_of_etcd_should_be_shown()
    {
        var said = await SaidAsync(Status with { Etcd = new ClusterEtcdModel("etcd's space is full", ["NOSPACE at member a1: full"]) });
        Assert.Contains("etcd cannot be used: etcd's space is full", said, StringComparison.Ordinal);
        Assert.Contains("etcd: NOSPACE at member a1: full", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_should_be_said_of_an_etcd_that_is_well_or_that_there_is_none_of()
    {
        Assert.DoesNotContain("etcd", await SaidAsync(Status), StringComparison.Ordinal);
        Assert.DoesNotContain("etcd", await SaidAsync(Status with { Etcd = new ClusterEtcdModel(null, []) }), StringComparison.Ordinal);
    }

    private static async Task<string> SaidAsync(ClusterStatusModel status)
    {
        await using var world = await TestWorld.StartAsync();
        world.Broker.Hook = async (context, _) =>
        {
            await TestBroker.WriteAsync(context, status, ApiJson.Default.ClusterStatusModel);
            return true;
        };
        return await world.Console.GoodAsync("cluster", "status");
    }
}
