using System.Diagnostics;
using System.Globalization;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Microsoft.Win32.SafeHandles;

namespace Broker.Secrets.Tests.Transfer;

public sealed class TicketDescriptorSpecs
{
    private static readonly DrawnTickets Some =
        new([new DrawnTicket("https://127.0.0.1:7447", new Signed(new byte[] { 1 }, new byte[64]))]);

    [Fact]
    public void Tickets_and_key_should_come_out_once()
    {
        using var key = TicketKey.Generate(SystemRandom.Fill);
        using var written = TicketDescriptor.Write(key, Some);
        var (read, tickets) = TicketDescriptor.Read(Duplicate(written));
        using (read)
        {
            Assert.Equal(key.Public, read.Public);
            Assert.Equal(Some.Encode(), tickets.Encode());
            var request = new Signed(new byte[] { 7 }, default);
            Assert.True(key.Public.Verify(request.Statement.Span, read.Sign(request)));
        }

        Assert.Equal(0, RandomAccess.GetLength(written));
        Assert.Throws<MalformedException>(() => TicketDescriptor.Read(Duplicate(written)));
    }

    [Fact]
    public void A_child_process_should_inherit_it_and_no_file_system_know_it()
    {
        using var key = TicketKey.Generate(SystemRandom.Fill);
        using var written = TicketDescriptor.Write(key, Some);
        var number = written.DangerousGetHandle().ToInt32();
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{number}");
        using var child = Process.Start(new ProcessStartInfo("readlink", [path]) { RedirectStandardOutput = true })!;

        Assert.Equal("/memfd:broker-tickets (deleted)", child.StandardOutput.ReadToEnd().Trim());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(200)]
    public void Something_else_should_be_refused(int length)
    {
        using var file = LibC.CreateMemoryFile("test");
        RandomAccess.Write(file, new byte[length], 0);
        Assert.Throws<MalformedException>(() => TicketDescriptor.Read(Duplicate(file)));
    }

    [Fact]
    public void A_descriptor_that_is_not_there_should_be_refused() =>
        Assert.Throws<MalformedException>(() => TicketDescriptor.Read(1_000_000));

    private static int Duplicate(SafeFileHandle handle)
    {
        // Another number for the same memfd, as an inheriting process has.
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}");
        using var opened = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var number = opened.DangerousGetHandle().ToInt32();
        opened.SetHandleAsInvalid();
        return number;
    }
}
