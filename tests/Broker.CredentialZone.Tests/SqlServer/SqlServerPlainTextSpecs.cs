using System.Net;
using System.Net.Sockets;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Broker.TestKit;

namespace Broker.CredentialZone.Tests.SqlServer;

/// <summary>The driver against what is no SQL Server: nothing is said to who cannot prove itself.</summary>
public sealed class SqlServerPlainTextSpecs
{
    // A PRELOGIN answer: version 15.0, and encryption not supported (2).
    private static readonly byte[] NoEncryption =
    [
        4, 1, 0, 26, 0, 0, 1, 0,
        0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 15, 0, 0, 0, 0, 0, 2,
    ];

    [SkippableFact]
    public void Server_that_is_not_there_should_count_as_transient()
    {
        NeedCultures();
        // Taken and not listened on: nobody else gets it meanwhile.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Throws<TransientStoreException>(() => Connections(((IPEndPoint)taken.LocalEndPoint!).Port, TimeSpan.FromSeconds(10)).Open());
    }

    [SkippableFact]
    public async Task Server_without_tls_should_be_told_neither_login_nor_password()
    {
        NeedCultures();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var said = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            var stream = client.GetStream();
            var all = new MemoryStream();
            var buffer = new byte[4096];
            var count = await stream.ReadAsync(buffer);
            await stream.WriteAsync(NoEncryption);
            try
            {
                while ((count = await stream.ReadAsync(buffer)) > 0)
                {
                    all.Write(buffer, 0, count);
                }
            }
            catch (IOException)
            {
                // The client hung up.
            }

            return all.ToArray();
        });
        Assert.ThrowsAny<StoreException>(() => Connections(((IPEndPoint)listener.LocalEndpoint).Port, Patience.Limit).Open());

        // One that was not even asked did not see this test's point.
        listener.Stop();
        Assert.Empty(await said);
    }

    private static void NeedCultures() => Skip.If(
        AppContext.TryGetSwitch("System.Globalization.Invariant", out var isInvariant) && isInvariant ||
        Environment.GetEnvironmentVariable("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT") is "1" or "true",
        "SQL Server's driver needs the system's cultures, and this run is without them");

    private static SqlServerConnections Connections(int port, TimeSpan deadline)
    {
        var options = new SqlServerOptions(
            "127.0.0.1", port, "zone", "zone", "", 2, 0, deadline, TimeSpan.Zero, AcceptLoss: false);
        return new SqlServerConnections(options, SqlServerConnections.Text(options, "secret"));
    }
}
