using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Broker.Secrets.Tests.Transfer;

public sealed class ServiceManagerSpecs
{
    [Theory]
    [InlineData("7", "1", "broker-tickets", 3)]
    [InlineData("7", "2", "other:broker-tickets", 4)]
    [InlineData("7", "3", "broker-tickets:other:broker-tickets", 3, 5)]
    [InlineData("7", "1", "broker-tickets:broker-tickets", 3)]
    [InlineData("7", "9", "broker-tickets", 3)]
    [InlineData("7", "1", "other:broker-tickets")]
    [InlineData("7", "1", "other")]
    [InlineData("7", "0", "broker-tickets")]
    [InlineData("8", "1", "broker-tickets")]
    [InlineData("7", "-1", "broker-tickets")]
    [InlineData("7", "many", "broker-tickets")]
    [InlineData("7", "1", null)]
    [InlineData(null, null, null)]
    public void Passed_descriptors_should_be_found_by_their_name(
        string? pid, string? count, string? names, params int[] numbers) => Assert.Equal(
        numbers,
        ServiceManager.Passed(
            TicketDescriptor.Name, v => v switch { "LISTEN_PID" => pid, "LISTEN_FDS" => count, "LISTEN_FDNAMES" => names, _ => null }, 7));

    [Fact]
    public void A_kept_descriptor_should_arrive_with_its_name()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        using var memfd = LibC.CreateMemoryFile("test");
        RandomAccess.Write(memfd, "inside"u8, 0);

        ServiceManager.Keep(path, TicketDescriptor.Name, memfd);

        var message = new byte[100];
        // Received plainly: the kernel closes the descriptor that came along. That it came shows in the next test of processes.
        Assert.Equal("FDSTORE=1\nFDNAME=broker-tickets", Encoding.ASCII.GetString(message, 0, manager.Receive(message)));
        File.Delete(path);
    }

    [Fact]
    public void A_descriptor_that_is_done_with_should_be_let_go_by_its_name()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));

        ServiceManager.Forget(path, TicketDescriptor.Name);

        var message = new byte[100];
        Assert.Equal("FDSTOREREMOVE=1\nFDNAME=broker-tickets", Encoding.ASCII.GetString(message, 0, manager.Receive(message)));
        File.Delete(path);
    }

    [Fact]
    public void A_manager_that_is_not_there_should_be_an_error()
    {
        using var memfd = LibC.CreateMemoryFile("test");
        var nowhere = string.Create(CultureInfo.InvariantCulture, $"@broker-nowhere-{Environment.ProcessId}");

        Assert.Throws<IOException>(() => ServiceManager.Keep(nowhere, TicketDescriptor.Name, memfd));
        Assert.Throws<IOException>(() => ServiceManager.Forget(nowhere, TicketDescriptor.Name));
    }
}
