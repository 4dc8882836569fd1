using Broker.Agent.Processes;
using Broker.Agent.Uses;
using Broker.Configuration;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Tests.Uses;

public sealed class UseReaderSpecs
{
    private const string Defaults = """
        use-defaults { at-most = 4, hold-for = 10m, output = discard, start-timeout = 30s
          stop-timeout = 10s, restart = never, max-restarts = 5, restart-delay = 1s
          hold-on-rotate = replace, on-rotate = keep, rotate-settle = 2s }

        """;

    private static IReadOnlyDictionary<Name, NamedUse> Read(string uses)
    {
        var reader = new SettingsReader(HoconDocument.Parse(Defaults + "uses {" + uses + "}", "test.conf"));
        var read = UseReader.ReadAll(reader);
        reader.ThrowIfInvalid();
        return read;
    }

    private static NamedUse ReadOne(string use) => Read("the-use {" + use + "}")[Name.Parse("the-use")];

    [Fact]
    public void Use_should_take_from_the_defaults_what_it_does_not_set()
    {
        var use = ReadOne("mode = hold");

        Assert.Equal(UseMode.Hold, use.Mode);
        Assert.Equal(4, use.AtMost);
        Assert.Equal(TimeSpan.FromMinutes(10), use.HoldFor);
        Assert.Null(use.Start);
        Assert.Equal(TimeSpan.FromSeconds(5), ReadOne("mode = hold, hold-for = 5s").HoldFor);
    }

    [Fact]
    public void Placeholders_should_become_descriptors_in_order_of_first_appearance()
    {
        var use = ReadOne(
            """
            mode = file, restart = on-failure
            command = ["/usr/bin/openssl", "s_server", "-key", "{file:server-key}", "-cert={file:cert},x", "{file:server-key}"]
            environment { AWS_SHARED_CREDENTIALS_FILE = "{file:aws}", PLAIN = "{other}", NOTHING = "" }
            """);

        Assert.Equal(["server-key", "cert", "aws"], use.Start!.Files.Select(static n => n.Value));
        Assert.Equal(
            ["/usr/bin/openssl", "s_server", "-key", "/proc/self/fd/3", "-cert=/proc/self/fd/4,x", "/proc/self/fd/3"],
            use.Start.Command.Arguments);
        Assert.Equal(
            [new("AWS_SHARED_CREDENTIALS_FILE", "/proc/self/fd/5"), new("PLAIN", "{other}"), new("NOTHING", "")],
            use.Start.Command.Environment);
        Assert.Equal(5, use.Start.Restarts);
        Assert.Equal(ChildOutput.Discard, use.Start.Command.Output);
    }

    [Theory]
    [InlineData("", "mode: is missing")]
    [InlineData("mode = copy", "none of hold, stdin, file")]
    [InlineData("mode = hold, command = [\"/bin/cat\"]", "is for modes stdin and file")]
    [InlineData("mode = hold, environment { A = b }", "is for modes stdin and file")]
    [InlineData("mode = hold, output = inherit", "is for modes stdin and file")]
    [InlineData("mode = hold, restart = on-failure", "is for mode file")]
    [InlineData("mode = hold, at-most = 0", "at-most")]
    [InlineData("mode = stdin", "command: is missing")]
    [InlineData("mode = stdin, command = []", "is empty; name the program")]
    [InlineData("mode = stdin, command = [cat]", "absolute path")]
    [InlineData("mode = stdin, command = \"/bin/cat\"", "must be a list")]
    [InlineData("mode = stdin, command = [\"/bin/cat\", \"{file:a}\"]", "mode stdin gives no files")]
    [InlineData("mode = stdin, command = [\"/bin/cat\"], environment { A = \"{file:a}\" }", "mode stdin gives no files")]
    [InlineData("mode = stdin, command = [\"/bin/cat\"], restart = on-failure", "is for mode file")]
    [InlineData("mode = stdin, command = [\"/bin/cat\"], hold-for = 1m", "is for mode hold")]
    [InlineData("mode = file, command = [\"/bin/cat\"]", "no placeholder")]
    [InlineData("mode = file, command = [\"{file:a}\"]", "not with a credential")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a\"]", "closing brace")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:}\"]", "names no credential")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:A_B}\"]", "names no credential")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\\u0000\"]", "zero byte")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], start-timeout = 1s", "is for mode stdin")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], output = log", "none of discard, inherit")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], environment { \"A=B\" = c }", "contains =")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], environment = [a]", "named texts")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], restart = always", "none of never, on-failure")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], stop-timeout = 0s", "stop-timeout")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], on-rotate = replace", "none of keep, restart")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], on-rotate = \"signal KILL\"", "none of keep, restart")]
    [InlineData("mode = file, command = [\"/bin/cat\", \"{file:a}\"], hold-on-rotate = keep", "is for mode hold")]
    [InlineData("mode = stdin, command = [\"/bin/cat\"], on-rotate = restart", "is for mode file")]
    [InlineData("mode = hold, on-rotate = keep", "is for mode file")]
    [InlineData("mode = hold, hold-on-rotate = restart", "none of replace, keep")]
    [InlineData("mode = hold, shell = true", "shell")]
    public void Configuration_should_be_refused(string use, string expected)
    {
        var error = Assert.Throws<HoconException>(() => ReadOne(use));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("test.conf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_done_with_a_later_version_should_be_the_configurations_word()
    {
        const string file = "mode = file, command = [\"/bin/cat\", \"{file:a}\"]";
        Assert.Equal(OnRotate.Replace, ReadOne("mode = hold").OnRotate);
        Assert.Equal(OnRotate.Keep, ReadOne("mode = hold, hold-on-rotate = keep").OnRotate);
        Assert.Equal(OnRotate.Keep, ReadOne(file).OnRotate);
        Assert.Equal(OnRotate.Keep, ReadOne("mode = stdin, command = [\"/bin/cat\"]").OnRotate);
        var restart = ReadOne(file + ", on-rotate = restart, rotate-settle = 5s");
        Assert.Equal((OnRotate.Replace, TimeSpan.FromSeconds(5)), (restart.OnRotate, restart.Start!.RotateSettle));
        var signal = ReadOne(file + ", on-rotate = \"signal USR1\"");
        Assert.Equal((OnRotate.Signal, 10), (signal.OnRotate, signal.Start!.RotateSignal));
    }

    [Fact]
    public void All_problems_should_be_listed_at_once()
    {
        var error = Assert.Throws<HoconException>(
            () => Read("one { mode = copy }, Two_Uses { mode = hold }, three { mode = stdin, command = [cat] }"));

        Assert.Equal(3, error.Errors.Count);
    }

    [Fact]
    public void Seventeen_credentials_in_one_command_should_be_refused()
    {
        var files = string.Join(", ", Enumerable.Range(0, 17).Select(static i => $"\"{{file:c{i}}}\""));

        Assert.Throws<HoconException>(() => ReadOne($"mode = file, command = [\"/bin/cat\", {files}]"));
    }
}
