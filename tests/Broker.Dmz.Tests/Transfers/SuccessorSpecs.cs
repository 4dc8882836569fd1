using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>The executable as a successor: it inherits the memfd with the tickets from the process that drains.</summary>
public sealed class SuccessorSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_process_should_take_over_by_the_tickets_that_it_inherits()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var fence = (await f.Customer.ZoneState()).Fence;
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var tickets = await new PeerDrain(f.Owner.Node, f.Owner.Customers, f.Owner.Address).Draw(key, default);
        using var memfd = TicketDescriptor.Write(key, tickets);
        var directory = Directory.CreateTempSubdirectory("successor-");
        var (settings, console) = Settings(directory.FullName);

        using var process = Start(settings, memfd.DangerousGetHandle().ToInt32());
        try
        {
            var log = process.StandardOutput.ReadToEndAsync();
            Assert.Equal("unlocked", await StateAsync(f, console, process, log));
            await f.Customer.Until(s => s.State == KeyState.Locked);
            var state = await f.Customer.ZoneState();
            Assert.Equal((fence + 1, "dmz-1"), (state.Fence, state.OwnerNode));
            Assert.NotEqual(f.Owner.Node.Incarnation.Key.Fingerprint.ToArray(), state.OwnerIncarnation.ToByteArray());
            Assert.Equal(0, RandomAccess.GetLength(memfd));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_process_should_not_start_with_a_descriptor_that_holds_no_tickets()
    {
        var directory = Directory.CreateTempSubdirectory("successor-");
        var (settings, _) = Settings(directory.FullName);

        using var process = Start(settings, 0);
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(Host.ExitCodes.Start, process.ExitCode);
        Assert.Contains("--admission-fd 0: the descriptor holds no tickets", error, StringComparison.Ordinal);
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_process_should_start_with_a_kept_descriptor_that_was_used_and_have_it_let_go()
    {
        var directory = Directory.CreateTempSubdirectory("successor-");
        var (settings, _) = Settings(directory.FullName);
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds,
        };
        var notify = Path.Combine(directory.FullName, "notify");
        manager.Bind(new UnixDomainSocketEndPoint(notify));
        var program = Path.Combine(AppContext.BaseDirectory, "broker-dmz");

        // As a service manager passes it: number 3, named, to this process. What was read once is empty.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c",
            "exec 3<>\"$0/used\" && export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=broker-tickets NOTIFY_SOCKET=\"$0/notify\"" +
            " && exec \"$@\"",
            directory.FullName, program, "--config", settings])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var heard = new byte[500];
            var log = process.StandardOutput.ReadToEndAsync();
            Assert.Equal(
                "FDSTOREREMOVE=1\nFDNAME=broker-tickets", System.Text.Encoding.ASCII.GetString(heard, 0, manager.Receive(heard)));
            Assert.StartsWith("READY=1", System.Text.Encoding.ASCII.GetString(heard, 0, manager.Receive(heard)), StringComparison.Ordinal);
            process.Kill();
            Assert.Contains("descriptor 3 of the service manager", await log, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            directory.Delete(recursive: true);
        }
    }

    private (string Settings, int Console) Settings(string directory)
    {
        var (root, certificate, key) = world.Authority.IssueFiles(LinkRole.Dmz, "dmz-1");
        var ports = Ports.Free(2);
        var file = Path.Combine(directory, "dmz.conf");
        File.WriteAllText(file, $$"""
            broker {
              tls { root = "{{root}}", certificate = "{{certificate}}", key = "{{key}}" }
              dmz {
                state-directory = "{{directory}}"
                console.listen = "{{Ports.Own}}:{{ports[0]}}"
                agents.listen = "{{Ports.Own}}:{{ports[1]}}"
                zone.addresses = [ "{{world.Zone.Address}}" ]
                secrets { capacity = 4 MiB, backing = mmap }
              }
            }
            """);
        return (file, ports[0]);
    }

    private static Process Start(string settings, int descriptor) => Process.Start(new ProcessStartInfo(
        Path.Combine(AppContext.BaseDirectory, "broker-dmz"),
        ["--config", settings, "--admission-fd", descriptor.ToString(CultureInfo.InvariantCulture)])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>The state of the customer at the process, once it is unlocked there.</summary>
    private static async Task<string> StateAsync(TransferFixture f, int port, Process process, Task<string> log)
    {
        using var client = LinkHttpClient.Create(
            f.World.Console, new LinkServer(LinkRole.Dmz) { ConnectTimeout = Patience.Limit }, new Uri($"https://{Ports.Own}:{port}"));
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                var model = JsonSerializer.Deserialize(
                    await client.GetStringAsync(new Uri($"/v1/customers/{f.Customer.Name}", UriKind.Relative)),
                    ApiJson.Default.CustomerModel)!;
                if (model.State == KeyState.Unlocked)
                {
                    return model.State;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            Assert.False(process.HasExited, process.HasExited ? await log : "");
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the successor does not own the customer");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }
}
