using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Tests.Directory;

public class CredentialStagesSpecs
{
    private static readonly Name A = Name.Parse("a");
    private static readonly DateTimeOffset Day = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);

    private static readonly CredentialEntry Plain = new(A, A, A, CredentialKind.Password, A, 3, 8, Day, A);

    /// <summary>Version 3 current, 4 retired, 5 pending.</summary>
    internal static CredentialEntry Staged { get; } = Plain.With(
        CredentialStages.Of(Plain).Add(VersionStage.Pending, 9, Day, A).Move(4, VersionStage.Retired, Day, A)
            .Add(VersionStage.Pending, 10, Day, A));

    [Fact]
    public void Entry_without_stages_should_keep_the_format_of_before_and_both_should_be_read()
    {
        Assert.Equal("broker/credential/1", Label(Plain.Encode()));
        Assert.Equal("broker/credential/2", Label(Staged.Encode()));
        Assert.Equal(Plain, Statement.Read<CredentialEntry>(Plain.Encode()));
        var read = Statement.Read<CredentialEntry>(Staged.Encode());
        Assert.Equal(Staged.Stages!.Versions, read.Stages!.Versions);
        Assert.Equal((3u, 5u, 8u), (read.Version, read.Latest, read.Length));
        Assert.Equal(3u, Plain.Latest);
    }

    [Fact]
    public void Every_version_that_was_put_should_have_a_stage_and_no_other()
    {
        VersionStage?[] stages = [.. Enumerable.Range(0, 7).Select(static v => Staged.Stages!.StageOf((uint)v))];
        Assert.Equal(
            [null, VersionStage.Retired, VersionStage.Retired, VersionStage.Current, VersionStage.Retired, VersionStage.Pending, null],
            stages);
    }

    [Fact]
    public void Whatever_is_done_one_version_should_be_current_and_the_entry_be_read()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Support.Seeded((ulong)seed);
            var entry = Plain;
            for (var step = 0; step < 40; step++)
            {
                var stages = CredentialStages.Of(entry);
                stages = (stages.Next, random.Below(3)) switch
                {
                    (null, 0) => stages.Add(VersionStage.Current, 1, Day.AddSeconds(step), A),
                    (null, _) => stages.Add(VersionStage.Pending, (uint)step, Day.AddSeconds(step), A),
                    ({ } next, 0) => stages.Move(next.Version, VersionStage.Retired, Day, A).Without((uint)random.Below(9)) is { } some &&
                        some.Versions.Any(static v => v.Stage == VersionStage.Current) ? some : stages,
                    ({ Stage: VersionStage.Pending } next, _) => stages.Move(next.Version, VersionStage.Staged, Day, A),
                    ({ } next, _) => stages.Move(next.Version, VersionStage.Current, Day.AddSeconds(step), A),
                };
                entry = Statement.Read<CredentialEntry>(entry.With(stages).Encode());
                Assert.Single(entry.Stages!.Versions, static v => v.Stage == VersionStage.Current);
                Assert.True(entry.Stages.Versions.Count <= CredentialStages.MaxVersions);
                Assert.Equal(stages.Latest, entry.Latest);
            }
        }
    }

    [Fact]
    public void Stages_should_read_back_and_nothing_else_be_read()
    {
        Assert.All(Enum.GetValues<VersionStage>(), stage => Assert.Equal(stage, VersionStages.Parse(stage.ToText())));
        Assert.All((string[])["", "Current", "next", "0"], text => Assert.Throws<MalformedException>(() => VersionStages.Parse(text)));
    }

    [Fact]
    public void Stages_that_do_not_fit_together_should_be_no_entry()
    {
        var stages = CredentialStages.Of(Plain with { Version = 1 }).Add(VersionStage.Pending, 1, Day, A);
        var entry = Plain with { Version = 1 };
        var (first, next) = (stages.Versions[0], stages.Versions[1]);
        CredentialStages[] bad =
        [
            new(2, []), new(2, [next]), new(1, stages.Versions), new(3, stages.Versions), new(2, [next, first]), new(2, [first, first]),
            new(2, [first, next with { Stage = VersionStage.Current }]), new(3, [first, next, next with { Version = 3 }]),
        ];
        Assert.NotNull(Statement.Read<CredentialEntry>(entry.With(stages).Encode()));
        Assert.All(bad, b => Assert.Throws<MalformedException>(
            () => Statement.Read<CredentialEntry>((entry with { Stages = b }).Encode())));
        Assert.Throws<MalformedException>(() => Statement.Read<CredentialEntry>((entry.With(stages) with { Length = 2 }).Encode()));
    }

    private static string Label(byte[] encoding) => System.Text.Encoding.UTF8.GetString(encoding, 4, encoding[3]);
}
