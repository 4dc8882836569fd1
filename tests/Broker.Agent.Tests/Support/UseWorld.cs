using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Processes;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Agent.Tests.Support;

/// <summary><c>/uses</c> on the thread pool, with real processes and a clock that only the test moves.</summary>
internal sealed class UseWorld : IAsyncDisposable
{
    private readonly long _bytesAtRest = SecretMemory.Default.LiveBytes;
    private readonly int _filesAtRest = MemoryFiles();

    internal UseWorld()
    {
        System = new ActorSystem("agent", new ActorSystemOptions { Time = Time });
        Uses = System.Spawn(Props<UsesMessage>.Of(static () => new UsesActor()), "uses");
        Owner = new TestProbe<HandOffMessage>(System, "owner");
    }

    internal ManualTime Time { get; } = new();

    internal ActorSystem System { get; }

    internal ActorRef<UsesMessage> Uses { get; }

    internal TestProbe<HandOffMessage> Owner { get; }

    internal UseSlots Slots { get; } = new();

    internal TemporaryDirectory Directory { get; } = new();

    internal static Id16 HandOff(byte number)
    {
        var bytes = new byte[Id16.Length];
        bytes[15] = number;
        return new Id16(bytes);
    }

    internal static NamedUse Hold(TimeSpan holdFor) =>
        new() { Name = Name.Parse("keep"), Mode = UseMode.Hold, AtMost = 2, HoldFor = holdFor };

    internal static NamedUse Program(UseMode mode, string script, int restarts = 0, params string[] files) => new()
    {
        Name = Name.Parse("run"),
        Mode = mode,
        AtMost = 2,
        Start = new CommandUse
        {
            Command = new Command(["/bin/sh", "-c", script], [], ChildOutput.Discard),
            Files = [.. files.Select(Name.Parse)],
            StartTimeout = TimeSpan.FromSeconds(30),
            StopTimeout = TimeSpan.FromSeconds(10),
            Restarts = restarts,
            RestartDelay = TimeSpan.FromSeconds(1),
        },
    };

    internal void Begin(NamedUse use, byte handOff, params (string Name, SecretBuffer Content)[] contents) =>
        Uses.Tell(new UsesMessage.Begin(
        new UseDelivery(
            HandOff(handOff), use, [.. contents.Select(static c => new CredentialContent(Name.Parse(c.Name), c.Content))],
            Slots.TryTake(use)),
        Owner.Ref));

    internal async Task<UseEnd> NextEnd() => Assert.IsType<HandOffMessage.UseEnded>(await Owner.Next()).How;

    /// <summary>Moves the clock until something has happened: what arms a timer runs on other threads.</summary>
    internal Task AdvanceUntil(Func<bool> happened, TimeSpan step) => Eventually.True(() =>
    {
        if (happened())
            return true;
        Time.Advance(step);
        return happened();
    });

    /// <summary>That nothing secret is left: neither in locked memory, nor in a memory file, nor in a place that is still taken.</summary>
    internal async Task AssertAtRest()
    {
        await Eventually.True(() => SecretMemory.Default.LiveBytes <= _bytesAtRest, "the gauge of locked memory at rest");
        await Eventually.True(() => MemoryFiles() <= _filesAtRest, "all memory files closed");
        Assert.Equal(0, Slots.Taken(Name.Parse("run")) + Slots.Taken(Name.Parse("keep")));
    }

    public async ValueTask DisposeAsync()
    {
        await System.DisposeAsync();
        Directory.Dispose();
    }

    internal static int MemoryFiles() => global::System.IO.Directory.EnumerateFiles("/proc/self/fd").Count(static path =>
    {
        try
        {
            return new FileInfo(path).LinkTarget?.StartsWith("/memfd:credential", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false;
        }
    });
}
