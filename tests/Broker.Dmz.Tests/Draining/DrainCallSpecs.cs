using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Tests.Draining;

/// <summary>Who has a node leave names it, its start, and is named by its configuration.</summary>
public sealed class DrainCallSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private const string Path = "/v1/node/drain";

    private readonly List<string> _stops = [];

    [Fact]
    public async Task A_console_that_is_not_named_should_be_refused()
    {
        await using var gateway = await GatewayServer.StartAsync(world, drain: Permit("somebody-else"));

        Assert.Equal(TransferCodes.DrainForbidden, await Ask(gateway, Right()));
        Assert.Empty(_stops);
    }

    [Fact]
    public async Task A_node_that_names_nobody_should_be_left_alone()
    {
        await using var gateway = await GatewayServer.StartAsync(world);

        Assert.Equal(TransferCodes.DrainForbidden, await Ask(gateway, Right()));
    }

    [Fact]
    public async Task Another_node_or_another_start_of_it_should_not_leave_instead()
    {
        await using var gateway = await GatewayServer.StartAsync(world, drain: Permit());

        Assert.Equal(TransferCodes.DrainOfAnother, await Ask(gateway, Right() with { Node = "dmz-2" }));
        Assert.Equal(TransferCodes.DrainOfAnother, await Ask(gateway, Right() with { Incarnation = Digest.Of([1]).ToString() }));
        Assert.Equal(TransferCodes.DrainOfAnother, await Ask(gateway, Right() with { Incarnation = "" }));
        Assert.Equal(Codes.Malformed, await Ask(gateway, Right() with { Node = "NO NAME" }));
        Assert.Empty(_stops);
    }

    [Theory]
    [InlineData(LinkRole.Dmz)]
    [InlineData(LinkRole.Agent)]
    [InlineData(LinkRole.Zone)]
    public async Task Another_role_should_be_refused(LinkRole role)
    {
        await using var gateway = await GatewayServer.StartAsync(world, drain: Permit("somebody", "dmz-1", "web-1"));
        using var key = role == LinkRole.Agent ? world.Authority.Agent("acme", "web-1") : world.Authority.Issue(role, "somebody");

        Assert.Equal("wrong-role", await Ask(gateway, Right(), key));
        Assert.Empty(_stops);
    }

    [Fact]
    public async Task A_console_that_is_named_should_begin_the_orderly_stop()
    {
        await using var gateway = await GatewayServer.StartAsync(world, drain: Permit());

        Assert.Null(await Ask(gateway, Right()));

        Assert.Equal([$"console {world.Console.Identity.Name} has it leave"], _stops);
    }

    private DrainNodeModel Right() => new(world.Node.Node.Value, world.Node.Incarnation.Key.Fingerprint.ToString());

    private DrainPermit Permit(params string[] consoles) => new(
        consoles.Length == 0 ? new HashSet<Name> { world.Console.Identity.Name } : consoles.Select(Name.Parse).ToHashSet(), _stops.Add);

    private async Task<string?> Ask(GatewayServer gateway, DrainNodeModel model, InstallationKey? key = null)
    {
        using var client = gateway.Client(key ?? world.Console);
        var (_, code, _) = await GatewayServer.Post(client, Path, model, ApiJson.Default.DrainNodeModel, ApiJson.Default.DrainModel);
        return code;
    }
}
