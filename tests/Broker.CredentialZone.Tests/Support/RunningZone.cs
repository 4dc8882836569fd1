using System.Net;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Sqlite;
using Broker.Host;
using Broker.Host.Health;
using Broker.Host.Running;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>A zone node as it runs, with its own installation: files, mutual TLS, HTTP/2, protobuf, database.</summary>
public sealed class RunningZone : IAsyncLifetime, IDisposable
{
    internal TestInstallation Installation { get; } = new();

    internal ZoneNode Node { get; private set; } = null!;

    internal NodeHealth Health { get; } = new();

    internal InstallationKey Console { get; private set; } = null!;

    internal InstallationKey Dmz { get; private set; } = null!;

    internal Uri Address => new(Node.Addresses.First());

    public async Task InitializeAsync()
    {
        Installation.Key(LinkRole.Zone, "zone-1").Dispose();
        Installation.Key(LinkRole.Ledger, "ledger-1").Dispose();
        Console = Installation.Key(LinkRole.Console, "console-1", mayEnrol: true);
        Dmz = Installation.Key(LinkRole.Dmz, "dmz-1");
        var settings = new ZoneSettings(
            new TlsSettings(Installation.Path("root.crt"), Installation.Path("zone-1.crt"), Installation.Path("zone-1.key")),
            new IPEndPoint(IPAddress.Loopback, 0), Installation.Path("ledger-1.crt"), Installation.Path("ledger-1.key"), null, null,
            new SqliteOptions(Installation.Path("zone.db"), 2, 0), ZoneUnderTest.Limits, 256);
        Node = (ZoneNode)await ZoneNode.StartAsync(
            new NodeContext(NullLoggerFactory.Instance, Health, TimeProvider.System, _ => { }), settings, default);
    }

    public async Task DisposeAsync()
    {
        await Node.StopAsync(default);
        await Node.DisposeAsync();
        Console.Dispose();
        Dmz.Dispose();
    }

    public void Dispose() => Installation.Dispose();

    internal ZoneClient Client() => new(Patient(Address), Dmz, TimeProvider.System);

    /// <summary>A client's options whose times only a test sits out that has failed.</summary>
    internal static ZoneClientOptions Patient(Uri address) => new([address])
    {
        Deadline = Patience.Limit,
        ConnectTimeout = Patience.Limit,
        ReadTimeout = Patience.Limit,
        SuspectAfter = Patience.Limit,
    };

    /// <summary>HTTP/2 over mutual TLS as a DMZ node, for bodies that the client would not send.</summary>
    internal HttpClient Http() => LinkHttpClient.Create(Dmz, new LinkServer(LinkRole.Zone), Address);
}
