using Broker.Agent.Credentials;
using Broker.Agent.Tests.Support;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Secrets;

namespace Broker.Agent.Tests.Uses;

/// <summary>A later version that comes in the place of one that is in use.</summary>
[Collection(SecretsCollection.Name)]
#pragma warning disable CA1001 // The world is disposed of by IAsyncLifetime, which the framework awaits.
public sealed class ReplaceSpecs : IAsyncLifetime
#pragma warning restore CA1001
{
    /// <summary>Tells what it was given, and lasts; <c>stop</c> in the file makes it fail at once.</summary>
    private const string Script =
        """
        said=$(cat /proc/self/fd/3); echo "$said" >> {0}
        case $said in bad*) exit 3;; done*) exit 0;; esac
        trap 'exit 0' TERM; while :; do sleep 0.05; done
        """;

    private const string Signalled =
        """
        tell() {{ said=$(cat /proc/self/fd/3); echo "$said" >> {0}; case $said in bad*) exit 3;; esac; }}
        trap tell HUP; trap 'exit 0' TERM; tell; while :; do sleep 0.05; done
        """;

    private readonly UseWorld _world = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _world.AssertAtRest();
    }

    private string Log => _world.Directory["said"];

    [Fact]
    public async Task Hold_should_wipe_the_earlier_version_when_it_has_the_later_one()
    {
        var use = UseWorld.Hold(TimeSpan.FromMinutes(10)) with { OnRotate = OnRotate.Replace };
        var (first, second) = (Texts.Secret("first"), Texts.Secret("second"));
        _world.Begin(use, 1, ("a", first));
        await Eventually.True(() => _world.Time.NextDue is not null, "the timer of the hold");
        _world.Time.Advance(TimeSpan.FromMinutes(9));
        Replace(use, 2, 1, ("a", second));

        Assert.Equal((use.Name, UseEnd.Replaced), await Next());
        Assert.True(first.IsEmptied);
        Assert.False(second.IsEmptied);
        Assert.Equal(1, _world.Slots.Taken(use.Name));

        // It lasts as long as any, and ends by its own hand-off.
        _world.Time.Advance(TimeSpan.FromMinutes(9));
        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));
        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(2)));
        Assert.Equal((use.Name, UseEnd.Released), await Next());
        Assert.True(second.IsEmptied);
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task What_is_not_in_use_should_not_be_replaced()
    {
        var use = UseWorld.Hold(TimeSpan.FromMinutes(10)) with { OnRotate = OnRotate.Replace };
        var secret = Texts.Secret("second");
        Replace(use, 2, 1, ("a", secret));
        Assert.Equal((use.Name, UseEnd.NotHeld), await Next());
        Assert.True(secret.IsEmptied);
        await _world.AssertAtRest();
    }

    [Theory]
    [InlineData(OnRotate.Replace, Script)]
    [InlineData(OnRotate.Signal, Signalled)]
    public async Task Program_should_go_on_with_the_later_version(object how, string script)
    {
        var use = Program((OnRotate)how, script);
        _world.Begin(use, 1, ("a", Texts.Secret("first, and longer")));
        await Said("first, and longer");
        var files = UseWorld.MemoryFiles();
        Replace(use, 2, 1, ("a", Texts.Secret("second")));
        await Said("first, and longer", "second");
        await _world.AdvanceUntil(() => _world.Owner.All.Count > 0, TimeSpan.FromSeconds(1));

        Assert.Equal((use.Name, UseEnd.Replaced), await Next());
        Assert.Equal(files, UseWorld.MemoryFiles());
        Replace(use, 3, 2, ("a", Texts.Secret("third, which is longer than both")));
        await Said("first, and longer", "second", "third, which is longer than both");
        await _world.AdvanceUntil(() => _world.Owner.All.Count > 1, TimeSpan.FromSeconds(1));
        Assert.Equal((use.Name, UseEnd.Replaced), await Next());

        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(3)));
        Assert.Equal((use.Name, UseEnd.Released), await Next());
        await _world.AssertAtRest();
    }

    [Theory]
    [InlineData(OnRotate.Replace, Script)]
    [InlineData(OnRotate.Signal, Signalled)]
    public async Task Program_that_fails_with_the_later_version_should_go_on_with_the_earlier_one(object how, string script)
    {
        var use = Program((OnRotate)how, script);
        _world.Begin(use, 1, ("a", Texts.Secret("first")));
        await Said("first");
        Replace(use, 2, 1, ("a", Texts.Secret("bad one")));

        Assert.Equal((use.Name, new UseEnd(HandOffState.UseFailed, "replacement-exit-3")), await Next());
        await Said("first", "bad one", "first");
        Assert.Equal(1, _world.Slots.Taken(use.Name));
        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));
        Assert.Equal((use.Name, UseEnd.Released), await Next());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Program_that_ends_well_with_the_later_version_has_used_it()
    {
        var use = Program(OnRotate.Replace, Script);
        _world.Begin(use, 1, ("a", Texts.Secret("first")));
        await Said("first");
        Replace(use, 2, 1, ("a", Texts.Secret("done")));

        Assert.Equal((use.Name, UseEnd.Replaced), await Next());
        Assert.Equal(HandOffState.Used, (await Next()).How.State);
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Use_that_ends_while_it_is_replaced_should_end_both()
    {
        var use = Program(OnRotate.Replace, Script);
        _world.Begin(use, 1, ("a", Texts.Secret("first")));
        await Said("first");
        Replace(use, 2, 1, ("a", Texts.Secret("second")));
        await Said("first", "second");
        _world.Uses.Tell(new UsesMessage.End(UseWorld.HandOff(1)));

        Assert.Equal((use.Name, UseEnd.Released), await Next());
        Assert.Equal((use.Name, UseEnd.Released), await Next());
        await _world.AssertAtRest();
    }

    [Fact]
    public async Task Second_replacement_should_wait_for_nobody()
    {
        var use = Program(OnRotate.Replace, Script);
        _world.Begin(use, 1, ("a", Texts.Secret("first")));
        await Said("first");
        Replace(use, 2, 1, ("a", Texts.Secret("second")));
        Replace(use, 3, 1, ("a", Texts.Secret("third")));
        Assert.Equal((use.Name, UseEnd.NotHeld), await Next());
        await _world.AdvanceUntil(() => _world.Owner.All.Count > 1, TimeSpan.FromSeconds(1));
        Assert.Equal((use.Name, UseEnd.Replaced), await Next());
    }

    private NamedUse Program(OnRotate how, string script)
    {
        var use = UseWorld.Program(UseMode.File, string.Format(null, script, Log), 0, "a");
        return use with
        {
            OnRotate = how,
            Start = use.Start! with { RotateSignal = 1, RotateSettle = TimeSpan.FromSeconds(2) },
        };
    }

    private void Replace(NamedUse use, byte handOff, byte replaces, params (string Name, SecretBuffer Content)[] contents) =>
        _world.Uses.Tell(new UsesMessage.Begin(
            new UseDelivery(
                UseWorld.HandOff(handOff), use,
                [.. contents.Select(static c => new CredentialContent(Name.Parse(c.Name), c.Content))], null),
            _world.Owner.Ref, UseWorld.HandOff(replaces)));

    private async Task<(Name Use, UseEnd How)> Next()
    {
        var ended = Assert.IsType<HandOffMessage.UseEnded>(await _world.Owner.Next());
        return (ended.Use, ended.How);
    }

    private Task Said(params string[] lines) => Eventually.True(
        () => File.Exists(Log) && File.ReadAllLines(Log).SequenceEqual(lines), $"the program saying {string.Join(", then ", lines)}");
}
