using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Broker.Links.Services;
using Broker.TestKit;

namespace Broker.Links.Tests;

/// <summary>What a service manager gets to hear, at a socket such as it has.</summary>
public sealed class ServiceNoticesSpecs : IDisposable
{
    private const int Self = 7;

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
    {
        ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds,
    };

    public ServiceNoticesSpecs() => _manager.Bind(new UnixDomainSocketEndPoint(_path));

    [Fact]
    public void A_service_should_say_that_it_is_ready_what_it_does_and_that_it_stops()
    {
        using var notices = Notices();

        notices.Ready();
        notices.Status("3 customers to hand over");
        notices.Stopping("SIGTERM");

        Assert.Equal("READY=1\nSTATUS=serving", Heard());
        Assert.Equal("STATUS=3 customers to hand over", Heard());
        Assert.Equal("STOPPING=1\nSTATUS=SIGTERM", Heard());
        Assert.Null(notices.Watchdog);
    }

    [Fact]
    public void A_status_should_not_become_a_notice_of_its_own()
    {
        using var notices = Notices();

        notices.Status("a\nMAINPID=1\r\u0007" + new string('x', 1000));

        var heard = Heard();
        Assert.StartsWith("STATUS=a MAINPID=1  xxx", heard, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', heard);
        Assert.Equal("STATUS=".Length + 200, heard.Length);
    }

    [Fact]
    public void Signs_of_life_should_come_as_often_as_they_are_asked_for()
    {
        using var notices = Notices(("WATCHDOG_USEC", "30000"), ("WATCHDOG_PID", Self.ToString(CultureInfo.InvariantCulture)));

        notices.Ready();

        Assert.Equal(TimeSpan.FromMilliseconds(30), notices.Watchdog);
        Assert.StartsWith("READY=1", Heard(), StringComparison.Ordinal);
        Assert.Equal(["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"], [Heard(), Heard(), Heard()]);
    }

    [Theory]
    [InlineData("30000", "8")]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("often", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("9223372036854775807", null)]
    public void Signs_of_life_that_are_not_asked_for_here_should_not_be_given(string interval, string? pid)
    {
        using var notices = Notices(("WATCHDOG_USEC", interval), ("WATCHDOG_PID", pid));

        Assert.Null(notices.Watchdog);
    }

    [Fact]
    public void Without_a_manager_or_with_one_that_is_gone_nothing_should_happen()
    {
        using var alone = ServiceNotices.From(static _ => null, Self, TimeProvider.System);
        alone.Ready();
        alone.Stopping("SIGTERM");
        using var nowhere = ServiceNotices.From(static v => v == "NOTIFY_SOCKET" ? "/nowhere/notify" : null, Self, TimeProvider.System);
        nowhere.Ready();
        using var orphan = Notices();
        _manager.Dispose();

        orphan.Ready();
        orphan.Stopping("SIGTERM");
    }

    [Fact]
    public void A_manager_that_does_not_read_should_hold_up_nobody_for_long()
    {
        using var notices = Notices();
        _manager.ReceiveBufferSize = 1;
        using var full = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        full.Connect(new UnixDomainSocketEndPoint(_path));
        Action fill = () =>
        {
            while (true)
                _ = full.Send("STATUS=on and on"u8);
        };
        Assert.Throws<SocketException>(fill);

        // It does not fit and is dropped: this comes back.
        notices.Status("one more");

        Assert.Equal("STATUS=on and on", Heard());
    }

    public void Dispose()
    {
        _manager.Dispose();
        File.Delete(_path);
    }

    private ServiceNotices Notices(params (string Name, string? Value)[] more) => ServiceNotices.From(
        name => name == "NOTIFY_SOCKET" ? _path : more.FirstOrDefault(m => m.Name == name).Value, Self, TimeProvider.System);

    private string Heard()
    {
        var message = new byte[2000];
        return Encoding.UTF8.GetString(message, 0, _manager.Receive(message));
    }
}
