using Broker.Dmz.Custody;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Custody;

namespace Broker.Dmz.Tests.Custody;

/// <summary>A node whose token is there and opens, anew for each test. Tests are of the collection of <see cref="SoftHsm"/>.</summary>
public abstract class TokenFixture : IClassFixture<DmzWorld>, IAsyncLifetime
{
    private protected TokenFixture(DmzWorld world) => (World, Hsm) = (world, new SoftHsm());

    private protected DmzWorld World { get; }

    private protected SoftHsm Hsm { get; }

    private protected CustodyWay Vault => CustodyWay.OfWrap(WayKind.Hsm, new NamedKey(SoftHsm.Way, Hsm.Key));

    public async Task InitializeAsync()
    {
        World.Hsm = Hsm;
        await World.Restart();
        Assert.Null((await World.Node.Tokens.LookAsync(SoftHsm.Way)).Problem);
    }

    public async Task DisposeAsync()
    {
        World.Hsm = null;
        await World.Restart();
        Hsm.Dispose();
    }

    private protected static WrapPlace Place(CustodyRecord record) => WrapPlace.Of(record, record.Find(SoftHsm.Way)!);

    /// <summary>Why the wrap of a place does not open; null where it does.</summary>
    private protected async Task<string?> Refusal(WrapPlace place)
    {
        using var opened = await World.Node.Tokens.OpenAsync(place);
        return opened.Refused?.Code;
    }
}
