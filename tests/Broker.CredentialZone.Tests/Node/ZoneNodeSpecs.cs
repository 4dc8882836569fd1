using System.Net;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Service;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Host;
using Broker.Host.Health;
using Broker.Host.Running;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Tests.Node;

/// <summary>The node as it runs: files, mutual TLS, HTTP/2, protobuf, database.</summary>
public sealed class ZoneNodeSpecs : IAsyncLifetime, IDisposable
{
    private readonly TestInstallation _installation = new();
    private readonly TestCustomer _customer = new(ZoneUnderTest.Cluster, "acme", TimeProvider.System);
    private InstallationKey _console = null!;
    private ZoneNode _node = null!;
    private ZoneClient _client = null!;

    public async Task InitializeAsync()
    {
        _installation.Key(LinkRole.Zone, "zone-1").Dispose();
        _installation.Key(LinkRole.Ledger, "ledger-1").Dispose();
        _console = _installation.Key(LinkRole.Console, "console-1", mayEnrol: true);
        _node = await Start("ledger-1");
        _client = Client(LinkRole.Dmz, "dmz-1");
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        _console.Dispose();
        await Stop();
    }

    public void Dispose() => _installation.Dispose();

    [Fact]
    public async Task Node_should_carry_a_hand_off_from_enrolment_to_its_outcome()
    {
        var description = await _client.CallAsync(ZoneOperations.Describe, new Wire.DescribeRequest(), default);
        Assert.True(SignedByCertificate.TryIdentify(
            [description.LedgerCertificate.Memory], _installation.Trust, TimeProvider.System.GetUtcNow(), out var ledger, out _));
        Assert.Equal((LinkRole.Ledger, "test", "zone-1"), (ledger.Role, description.Cluster, description.Node));

        await _client.EnrolAsync(Enrolment(_console), default);
        await _client.CommitAsync(
            Commit([_customer.Grant(), _customer.Policy(), _customer.Credential("db", 1), _customer.Row("db", 1, 100_000)]), default);
        var call = _customer.Call(_customer.Launch());
        var reply = await _client.ReleaseAsync(Release(call), default);
        var receipt = Statement.Read<Receipt>(reply.Receipt.Span);
        Assert.Equal(BlockKind.Intent, receipt.Verify(ledger.Key, _installation.Trust.Cluster)!.Kind);
        Assert.Equal(5, reply.Entries.Count);
        Assert.All(reply.Entries, e => Assert.True(e.HasStatement));

        var outcomes = new Wire.AppendOutcomeRequest { Customer = "acme", Fence = 1 };
        outcomes.Outcomes = Wires.To(_customer.Outcome(call, HandOffState.Acknowledged));
        var end = await _client.AppendOutcomeAsync(outcomes, default);
        Assert.Equal(5ul, end.LedgerPosition);
        Assert.Equal(HandOffState.Acknowledged, (await _client.ReleaseAsync(Release(call), default)).Ended.State);
        var handOff = await _client.CallAsync(
            ZoneOperations.GetHandOff, new Wire.GetHandOffRequest { Customer = "acme", HandOff = Wires.Bytes(call.HandOff) }, default);
        Assert.Equal(call.Request.Encode(), handOff.Request.ToByteArray());
        var page = await _client.ReadLedgerAsync(new Wire.ReadLedgerRequest { Chain = "acme", Limit = 100 }, default);
        Assert.Equal((5, 5ul), (page.Blocks.Count, page.Length));
    }

    [Fact]
    public async Task Rows_should_be_proven_but_given_by_release_alone()
    {
        await _client.EnrolAsync(Enrolment(_console), default);
        await _client.CommitAsync(Commit([_customer.Credential("db", 1), _customer.Row("db", 1)]), default);
        var request = new Wire.ReadEntriesRequest { Customer = "acme" };
        request.Keys.Add(new Wire.EntryKey { Type = EntryKey.RowType, Id = "db/1" });
        var entry = Assert.Single((await _client.ReadEntriesAsync(request, default)).Entries);
        Assert.False(entry.HasStatement);
        Assert.Equal(Digest.Length, entry.Value.Length);
        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(
            () => _client.ListEntriesAsync(new Wire.ListEntriesRequest { Customer = "acme", Type = EntryKey.RowType }, default));
        Assert.Equal(RefusalCode.Malformed, refused.Code);
    }

    [Fact]
    public async Task Enrolment_should_need_a_plan_by_a_console_that_may_enrol()
    {
        using var weak = _installation.Key(LinkRole.Console, "console-2");
        using var node = _installation.Key(LinkRole.Dmz, "dmz-9");
        Assert.Equal(RefusalCode.PlanRefused, await Code(Enrolment(weak)));
        Assert.Equal(LinkRefusal.WrongRole.Code(), await Code(Enrolment(node)));
        var forged = Enrolment(_console);
        forged.Plan.Signature = ByteString.CopyFrom(new byte[64]);
        Assert.Equal(LinkRefusal.BadSignature.Code(), await Code(forged));
        Assert.Equal(RefusalCode.Malformed, await Code(new Wire.EnrolCustomerRequest()));

        // Another node sends what dmz-1 had signed by the key.
        using var other = Client(LinkRole.Dmz, "dmz-2");
        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => other.EnrolAsync(Enrolment(_console), default));
        Assert.Equal(RefusalCode.WrongNode, refused.Code);

        async Task<string> Code(Wire.EnrolCustomerRequest request) =>
            (await Assert.ThrowsAsync<ZoneRefusedException>(() => _client.EnrolAsync(request, default))).Code;
    }

    [Theory]
    [InlineData(LinkRole.Console)]
    [InlineData(LinkRole.Zone)]
    public async Task Other_roles_should_not_reach_the_zone(LinkRole role)
    {
        using var client = Client(role, "stranger");
        await Assert.ThrowsAsync<ZoneUnavailableException>(
            () => client.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = "acme" }, default));
    }

    [Fact]
    public async Task Node_should_keep_everything_over_a_restart_and_a_new_ledger_key()
    {
        await _client.EnrolAsync(Enrolment(_console), default);
        await Stop();
        _installation.Key(LinkRole.Ledger, "ledger-2").Dispose();
        var refused = await Assert.ThrowsAsync<StartException>(() => Start("ledger-2"));
        Assert.Contains("predecessor", refused.Message, StringComparison.Ordinal);
        _node = await Start("ledger-2", "ledger-1");
        using var client = Client(LinkRole.Dmz, "dmz-1b");
        Assert.Equal(1ul, (await client.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = "acme" }, default)).Fence);
        // Each minute the cluster's chain is told how far the customers' chains have come.
        var ledger = await client.ReadLedgerAsync(new Wire.ReadLedgerRequest(), default);
        Assert.Equal(2, ledger.Blocks.Count(
            static b => Statement.Read<Block>(Receipt.Decode(b.Receipt.Span).Block.Span).Kind == BlockKind.LedgerKey));
    }

    [Fact]
    public async Task Node_should_not_start_with_the_wrong_certificates()
    {
        await Stop();
        Assert.Contains("role", (await Assert.ThrowsAsync<StartException>(() => Start("zone-1"))).Message, StringComparison.Ordinal);
        _node = await Start("ledger-1");
    }

    [Fact]
    public void Executable_should_not_contain_what_opens_rows()
    {
        var seen = new HashSet<string>();
        var open = new Queue<System.Reflection.Assembly>([typeof(ZoneNode).Assembly]);
        while (open.TryDequeue(out var assembly))
        {
            foreach (var name in assembly.GetReferencedAssemblies().Where(n => n.Name!.StartsWith("Broker.", StringComparison.Ordinal)))
            {
                if (seen.Add(name.Name!))
                {
                    open.Enqueue(System.Reflection.Assembly.Load(name));
                }
            }
        }

        Assert.Contains("Broker.Protocol", seen);
        Assert.DoesNotContain("Broker.Secrets", seen);
        Assert.DoesNotContain("Broker.Dmz", seen);
    }

    private static Wire.EntryChange To(EntryChange change)
    {
        var message = new Wire.EntryChange
        {
            Type = change.Key.Type,
            Id = change.Key.Id,
            Signature = ByteString.CopyFrom(change.Signature.Span),
        };
        if (change.Statement is { } statement)
        {
            message.Statement = ByteString.CopyFrom(statement.Span);
        }

        return message;
    }

    private static Wire.ReleaseRequest Release(ReleaseCall call) => new()
    {
        Customer = call.Customer.Value,
        Fence = call.Fence,
        Request = ByteString.CopyFrom(call.Request.Encode()),
        HandOff = Wires.Bytes(call.HandOff),
        Attempt = call.Attempt,
        ExpectedCounter = call.ExpectedCounter,
    };

    private Wire.EnrolCustomerRequest Enrolment(InstallationKey console)
    {
        var customer = _customer.Counter == 0 ? _customer : new TestCustomer(ZoneUnderTest.Cluster, "acme", TimeProvider.System);
        if (!ReferenceEquals(console, _console))
        {
            customer = new TestCustomer(ZoneUnderTest.Cluster, "acme", TimeProvider.System);
        }

        var plan = customer.Plan();
        var encoded = plan.Encode();
        var parts = customer.Enrolment(plan, new Signed(encoded, console.Sign(encoded)));
        var request = new Wire.EnrolCustomerRequest
        {
            Plan = Wires.To(parts.Plan),
            Claim = Wires.To(parts.Claim),
            Head = Wires.To(parts.Head),
            Custody = Wires.To(parts.Custody),
        };
        request.PlanCertificates.AddRange(console.ChainDer.Select(c => ByteString.CopyFrom(c.Span)));
        request.Changes.AddRange(parts.Changes.Select(To));
        return request;
    }

    private Wire.CommitRequest Commit(IReadOnlyList<EntryChange> changes)
    {
        var set = _customer.Change(changes);
        var request = new Wire.CommitRequest
        {
            Customer = set.Customer.Value,
            Fence = set.Fence,
            ExpectedCounter = set.ExpectedCounter,
            Head = Wires.To(set.Head),
        };
        request.Changes.AddRange(set.Changes.Select(To));
        return request;
    }

    private async Task<ZoneNode> Start(string ledger, string? predecessor = null)
    {
        var settings = new ZoneSettings(
            new TlsSettings(_installation.Path("root.crt"), _installation.Path("zone-1.crt"), _installation.Path("zone-1.key")),
            new IPEndPoint(IPAddress.Loopback, 0),
            _installation.Path(ledger + ".crt"),
            _installation.Path(ledger + ".key"),
            predecessor is null ? null : _installation.Path(predecessor + ".crt"),
            predecessor is null ? null : _installation.Path(predecessor + ".key"),
            new SqliteOptions(_installation.Path("zone.db"), 2, 0),
            ZoneUnderTest.Limits,
            256);
        var context = new NodeContext(NullLoggerFactory.Instance, new NodeHealth(), TimeProvider.System, _ => { });
        return (ZoneNode)await ZoneNode.StartAsync(context, settings, default);
    }

    private async Task Stop()
    {
        await _node.StopAsync(default);
        await _node.DisposeAsync();
    }

    private ZoneClient Client(LinkRole role, string name) => new(
        RunningZone.Patient(new Uri(_node.Addresses.First())), _installation.Key(role, name), TimeProvider.System);
}
