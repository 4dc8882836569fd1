using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>What the tests under faults stand on: a cut cuts what it says, and only in its direction.</summary>
[Collection(Certificates.Collection)]
public sealed class PrivateNetworkSpecs
{
    private const int TimedOut = 124;

    // Of an attempt that has to come through, however slow the machine is; in seconds.
    private const int AtLast = 180;

    [SkippableFact]
    public async Task A_cut_should_hold_back_one_direction_until_it_is_healed()
    {
        using var network = PrivateNetwork.Needed();
        var (a, b) = (network.Add("a"), network.Add("b"));
        Assert.True(await ReachesAsync(a, b, AtLast));
        network.Cut(a, b);
        Assert.False(await ReachesAsync(a, b));
        Assert.False(await ReachesAsync(b, a), "a cannot answer b");
        network.Heal(a, b);
        Assert.True(await ReachesAsync(a, b, AtLast));
    }

    [SkippableFact]
    public async Task Nothing_should_lead_out_of_the_network()
    {
        using var network = PrivateNetwork.Needed();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // An address for documentation (RFC 5737), where nobody is.
        var refused = await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 9)));
        Assert.Equal(SocketError.NetworkUnreachable, refused.SocketErrorCode);
    }

    // Nobody listens there: a machine that is reached refuses at once, one that is not says nothing.
    private static async Task<bool> ReachesAsync(Machine from, Machine to, int seconds = 1)
    {
        var (program, arguments) = PrivateNetwork.On(
            from, "timeout", [seconds.ToString(CultureInfo.InvariantCulture), "bash", "-c", $"exec 3<>/dev/tcp/{to.Address}/9"]);
        await using var attempt = BrokerProcess.Start("attempt", program, arguments);
        return await attempt.ExitAsync() != TimedOut;
    }
}
