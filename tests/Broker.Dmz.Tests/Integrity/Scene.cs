using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.TestKit;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>A customer with a connected agent on a node that holds its key, and somebody who writes into the zone's database.</summary>
internal sealed class Scene(TestCustomer customer, AgentEnd agent, TestCustomer other)
{
    public DmzWorld World => customer.World;

    public TestCustomer Customer => customer;

    public AgentEnd Agent => agent;

    public TestCustomer Other => other;

    /// <summary>The launch that was handed over, or whatever else a case has to remember.</summary>
    public SignedRequest Launch { get; set; } = null!;

    public SignerKey Token { get; } = new();

    public SignedRequest Invitation { get; set; } = null!;

    public string Id => customer.Name.Value;

    /// <summary>A condition of an entry.</summary>
    public string Entry(string type, string id) => $"customer = '{Id}' AND type = '{type}' AND id = '{id}'";

    public static string Hex(ReadOnlySpan<byte> bytes) => $"X'{Convert.ToHexString(bytes)}'";

    public static string Hex<T>(T statement)
        where T : IStatement<T> => Hex(statement.Encode());

    /// <summary>A launch that is delivered, acknowledged, and whose use goes on.</summary>
    public async Task HandOver()
    {
        Launch = customer.Launch();
        var probe = customer.BeginSeal(Launch, await customer.Release(Launch));
        var (header, _) = await agent.Receive();
        agent.Acknowledge(header);
        await probe.Next();
    }

    /// <summary>The code stands in the customer's chain or in the cluster's.</summary>
    public async Task ShouldBeRecorded(string code)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!(await Codes(Id)).Contains(code) && !(await Codes(Block.ClusterChain)).Contains(code))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"no chain says anything of {code}");
            await Task.Yield();
        }
    }

    /// <summary>A customer that nobody touched is served as ever.</summary>
    public static async Task ShouldGoOn(TestCustomer untouched, AgentEnd itsAgent)
    {
        var launch = untouched.Launch();
        var probe = untouched.BeginSeal(launch, await untouched.Release(launch));
        var (header, body) = await itsAgent.Receive();
        Assert.Equal("correct horse battery staple"u8.ToArray(), body);
        itsAgent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
    }

    private async Task<HashSet<string>> Codes(string chain)
    {
        var codes = new HashSet<string>();
        try
        {
            for (ulong from = 0, length = 1; from < length;)
            {
                var page = await World.Node.Zone.ReadLedgerAsync(
                    new Wire.ReadLedgerRequest { Chain = chain, From = from, Limit = 1000 }, default);
                (from, length) = (from + (ulong)page.Blocks.Count, page.Blocks.Count == 0 ? 0 : page.Length);
                foreach (var block in page.Blocks)
                {
                    Read(codes, Statement.Read<Receipt>(block.Receipt.Span).Verify(World.Zone.LedgerKey, World.Node.Cluster));
                }
            }
        }
        catch (Exception broken) when (broken is ZoneException or MalformedException)
        {
            // This chain says nothing any more.
        }

        return codes;
    }

    private static void Read(HashSet<string> codes, Block? block)
    {
        if (block?.Kind == BlockKind.Refusal)
        {
            codes.Add(Statement.Read<Refusal>(block.Body.Span).Code);
        }
        else if (block?.Kind == BlockKind.Outcome)
        {
            codes.UnionWith(
                Statement.Read<SignedRecord>(block.Body.Span).Statement.Read<Outcomes>().Items.Select(static o => o.Code));
        }
    }
}
