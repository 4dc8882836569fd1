using Broker.Agent.Tests.Support;
using Broker.Agent.Uses;
using Broker.Protocol.Ledger;
using Broker.Secrets;

namespace Broker.Agent.Tests.Uses;

[Collection(SecretsCollection.Name)]
#pragma warning disable CA1001 // The world is disposed of by IAsyncLifetime, which the framework awaits.
public sealed class UsesSpecs : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly UseWorld _world = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _world.AssertAtRest();
    }

    private string this[string file] => _world.Directory[file];

    private bool Exists(string file) => File.Exists(this[file]);

    [Fact]
    public async Task Hold_should_keep_until_its_time_is_over_and_then_wipe()
    {
        var secret = Texts.Secret("held");
        _world.Begin(UseWorld.Hold(TimeSpan.FromMinutes(10)), 1, ("a", secret));
        Assert.False(secret.IsEmptied);

        await _world.AdvanceUntil(() => _world.Owner.All.Count > 0, TimeSpan.FromMinutes(1));

        Assert.Equal(UseEnd.Expired, await _world.NextEnd());
        Assert.True(secret.IsEmptied);
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Hold_should_not_end_before_its_time()
    {
        _world.Begin(UseWorld.Hold(TimeSpan.FromMinutes(10)), 1, ("a", Texts.Secret("held")));
        await Eventually.True(() => _world.Time.NextDue is not null, "the timer of the hold");
        _world.Time.Advance(TimeSpan.FromMinutes(9));

        // Had it expired, that would be the first report.
        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));
        Assert.Equal(UseEnd.Released, await _world.NextEnd());
    }

    [Fact]
    public async Task Hold_should_end_when_it_is_released()
    {
        _world.Begin(UseWorld.Hold(TimeSpan.FromMinutes(10)), 1, ("a", Texts.Secret("held")));
        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));

        Assert.Equal(UseEnd.Released, await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Stdin_should_give_the_credential_and_report_the_exit()
    {
        _world.Begin(UseWorld.Program(UseMode.Stdin, $"cat > {this["out"]}"), 1, ("a", Texts.Secret("the-password")));

        Assert.Equal(new UseEnd(HandOffState.Used, "exit-0"), await _world.NextEnd());
        Assert.Equal("the-password", File.ReadAllText(this["out"]));
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Stdin_should_give_a_mebibyte()
    {
        _world.Begin(UseWorld.Program(UseMode.Stdin, $"wc -c > {this["out"]}"), 1, ("a", Texts.Secret(1 << 20, 1)));

        Assert.Equal("exit-0", (await _world.NextEnd()).Code);
        Assert.Equal("1048576", File.ReadAllText(this["out"]).Trim());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Stdin_should_report_a_failure()
    {
        _world.Begin(UseWorld.Program(UseMode.Stdin, "exit 4"), 1, ("a", Texts.Secret(1 << 20, 1)));

        Assert.Equal(new UseEnd(HandOffState.UseFailed, "exit-4"), await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Stdin_should_give_up_on_a_program_that_does_not_read()
    {
        // Two mebibytes are more than a pipe can be made to hold.
        _world.Begin(UseWorld.Program(UseMode.Stdin, $"> {this["ready"]}; exec sleep 1000"), 1, ("a", Texts.Secret(2 << 20, 1)));
        await Eventually.True(() => Exists("ready"));

        await _world.AdvanceUntil(() => _world.Owner.All.Count > 0, TimeSpan.FromSeconds(1));

        Assert.Equal(UseEnd.InputNotTaken, await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Stdin_should_be_wiped_when_the_end_of_a_program_that_never_read_is_told()
    {
        var before = SecretMemory.Default.LiveBytes;
        _world.Begin(UseWorld.Program(UseMode.Stdin, "exit 4"), 1, ("a", Texts.Secret(2 << 20, 1)));

        Assert.Equal("exit-4", (await _world.NextEnd()).Code);
        Assert.Equal(before, SecretMemory.Default.LiveBytes);
    }

    [Fact]
    public async Task Stdin_should_be_wiped_when_the_end_is_told_though_a_process_that_left_keeps_it_open()
    {
        // It has left the program's group, so that nothing but the use ends the writing into the full pipe.
        var before = SecretMemory.Default.LiveBytes;
        _world.Begin(
            UseWorld.Program(
                UseMode.Stdin,
                $"exec 3<&0; setsid -f sh -c 'echo $$ > {this["pid"]}; exec sleep 1000' <&3; " +
                $"while [ ! -s {this["pid"]} ]; do sleep 0.01; done; exit 4"),
            1, ("a", Texts.Secret(2 << 20, 1)));

        var (end, live) = (await _world.NextEnd(), SecretMemory.Default.LiveBytes);

        using var left = System.Diagnostics.Process.GetProcessById(
            int.Parse(File.ReadAllText(this["pid"]), System.Globalization.CultureInfo.InvariantCulture));
        left.Kill();
        Assert.Equal(("exit-4", before), (end.Code, live));
    }

    [Fact]
    public async Task File_should_give_several_credentials_to_one_process()
    {
        _world.Begin(
            UseWorld.Program(UseMode.File, $"cat /proc/self/fd/4 /proc/self/fd/3 > {this["out"]}", files: ["key", "cert"]),
            1, ("cert", Texts.Secret("CERT")), ("key", Texts.Secret("KEY")));

        Assert.Equal("exit-0", (await _world.NextEnd()).Code);
        Assert.Equal("CERTKEY", File.ReadAllText(this["out"]));
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task File_should_hold_nothing_in_locked_memory_while_the_program_runs()
    {
        var before = SecretMemory.Default.LiveBytes;
        _world.Begin(
            UseWorld.Program(UseMode.File, $"> {this["ready"]}; exec sleep 1000", files: ["key"]), 1, ("key", Texts.Secret("KEY")));
        await Eventually.True(() => Exists("ready"));

        Assert.Equal(before, SecretMemory.Default.LiveBytes);
        Assert.Equal(1, UseWorld.MemoryFiles());
        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));
        Assert.Equal(UseEnd.Released, await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task File_should_be_given_again_on_each_restart()
    {
        _world.Begin(
            UseWorld.Program(UseMode.File, $"cat /proc/self/fd/3 >> {this["out"]}; exit 9", restarts: 2, files: ["key"]),
            1, ("key", Texts.Secret("KEY")));

        await _world.AdvanceUntil(() => _world.Owner.All.Count > 0, TimeSpan.FromSeconds(1));

        Assert.Equal(new UseEnd(HandOffState.UseFailed, "exit-9"), await _world.NextEnd());
        Assert.Equal("KEYKEYKEY", File.ReadAllText(this["out"]));
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task File_should_not_be_given_again_to_a_program_that_ended_well()
    {
        _world.Begin(
            UseWorld.Program(UseMode.File, $"cat /proc/self/fd/3 >> {this["out"]}", restarts: 2, files: ["key"]),
            1, ("key", Texts.Secret("KEY")));

        Assert.Equal("exit-0", (await _world.NextEnd()).Code);
        Assert.Equal("KEY", File.ReadAllText(this["out"]));
    }

    [Fact]
    public async Task Program_that_ignores_the_request_to_stop_should_be_killed()
    {
        _world.Begin(
            UseWorld.Program(
                UseMode.File, $"trap '> {this["asked"]}' TERM; > {this["ready"]}; while :; do sleep 0.01; done", files: ["key"]),
            1, ("key", Texts.Secret("KEY")));
        await Eventually.True(() => Exists("ready"));

        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));
        await Eventually.True(() => Exists("asked"));
        Assert.Empty(_world.Owner.All);
        await _world.AdvanceUntil(() => _world.Owner.All.Count > 0, TimeSpan.FromSeconds(1));

        Assert.Equal(UseEnd.Released, await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Use_that_waits_for_its_restart_should_end_at_once_when_released()
    {
        _world.Begin(
            UseWorld.Program(UseMode.File, $"> {this["ran"]}; exit 1", restarts: 5, files: ["key"]), 1, ("key", Texts.Secret("KEY")));
        await Eventually.True(() => Exists("ran"));

        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));

        Assert.Equal(UseEnd.Released, await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Theory]
    [InlineData(nameof(UseMode.Stdin))]
    [InlineData(nameof(UseMode.File))]
    public async Task Program_that_cannot_be_started_should_be_reported(string modeName)
    {
        var mode = Enum.Parse<UseMode>(modeName);
        var use = UseWorld.Program(mode, "", files: mode == UseMode.File ? ["key"] : []);
        use = use with { Start = use.Start! with { Command = use.Start.Command with { Arguments = ["/no/such/program"] } } };
        _world.Begin(use, 1, ("key", Texts.Secret("KEY")));

        Assert.Equal(UseEnd.NotStarted, await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Use_whose_actor_fails_should_be_wiped_and_reported()
    {
        // A delivery without the credential that the command names cannot come from a session, which checks that before.
        _world.Begin(UseWorld.Program(UseMode.File, "true", files: ["key"]), 1, ("other", Texts.Secret("KEY")));

        Assert.Equal(UseEnd.Failed, await _world.NextEnd());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task End_of_the_system_should_stop_programs_and_wipe()
    {
        _world.Begin(
            UseWorld.Program(UseMode.File, $"> {this["ready"]}; exec sleep 1000", files: ["key"]), 1, ("key", Texts.Secret("KEY")));
        _world.Begin(UseWorld.Hold(TimeSpan.FromMinutes(10)), 2, ("a", Texts.Secret("held")));
        await Eventually.True(() => Exists("ready"));

        await _world.System.TerminateAsync(TimeSpan.FromMinutes(1));

        await _world.AssertAtRest();
    }

    [Fact]
    public void Slots_should_be_bounded_and_come_back()
    {
        var use = UseWorld.Hold(TimeSpan.FromMinutes(1));
        var first = _world.Slots.TryTake(use);
        var second = _world.Slots.TryTake(use);

        Assert.Null(_world.Slots.TryTake(use));
        first!.Dispose();
        first.Dispose();
        Assert.Equal(1, _world.Slots.Taken(use.Name));
        second!.Dispose();
    }
}
