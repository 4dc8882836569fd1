using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Link;
using Broker.Agent.Session;
using Broker.Agent.State;
using Broker.Agent.Tests.Support;
using Broker.Agent.Uses;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Protocol.Wire.Agent;
using Broker.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Agent.Tests.Session;

/// <summary>A link that comes to be when nobody waits for it any more: it would stay open until the node's pings find it dead.</summary>
public sealed class LateLinkSpecs
{
    [Fact]
    public async Task Link_that_comes_after_the_stop_should_be_cut()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var settings = world.Settings();
        var dialer = new LateDialer(
            new LinkDialer(new DialOrder(settings.Dmz, RandomSource.System), new SteadyTime(), settings.ConnectTimeout));
        using var enrolled = Enrolled.Load(world.State, AgentWorld.Boot, TimeProvider.System.GetUtcNow());
        using var journal = HandOffJournal.Load(world.State, TimeProvider.System, settings.JournalLimit);
        await using var system = new ActorSystem("agent", new ActorSystemOptions());
        var uses = system.Spawn(Props<UsesMessage>.Of(static () => new UsesActor()), "uses");
        var parts = new SessionParts
        {
            Enrolled = enrolled,
            Boot = AgentWorld.Boot,
            Witness = Witness.Load(world.State),
            Journal = journal,
            Status = new StatusFile(world.State, TimeProvider.System),
            Uses = settings.Uses,
            Slots = new UseSlots(),
            Dialer = dialer,
            Settings = settings.Session,
            Credentials = system.Spawn(Props<CredentialsMessage>.Of(() => new CredentialsActor(uses)), "credentials"),
            Logger = NullLogger.Instance,
        };
        system.Spawn(Props<SessionMessage>.Of(() => new SessionActor(parts)), "session");
        using var owner = (await world.Dmz.NextLinkAsync()).Socket;

        Assert.True(await system.TerminateAsync(Patience.Limit));
        dialer.Give.SetResult();

        await Eventually.Within(dialer.Cut.Task, "the end of the link");
        Assert.Equal(
            AgentLinkException.Lost, (await Assert.ThrowsAsync<AgentLinkException>(() => owner.ReceiveAsync(CancellationToken.None))).Code);
    }

    /// <summary>Connects at once, and hands the link over when it is told to, whoever waits.</summary>
    private sealed class LateDialer(LinkDialer dialer) : ILinkDialer
    {
        public TaskCompletionSource Give { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<bool> Cut { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<IFrameLink> ConnectAsync(InstallationKey key, CancellationToken cancellation)
        {
            var link = await dialer.ConnectAsync(key, CancellationToken.None);
            await Give.Task;
            return new Watched(link, Cut);
        }
    }

    private sealed class Watched(IFrameLink link, TaskCompletionSource<bool> cut) : IFrameLink
    {
        public Task SendAsync(Frame frame, CancellationToken cancellationToken) => link.SendAsync(frame, cancellationToken);

        public Task<Frame?> ReceiveAsync(CancellationToken cancellationToken) => link.ReceiveAsync(cancellationToken);

        public Task CloseAsync(string code) => link.CloseAsync(code);

        public void Dispose()
        {
            link.Dispose();
            cut.TrySetResult(true);
        }
    }
}
