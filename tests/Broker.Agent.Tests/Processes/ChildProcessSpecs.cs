using Broker.Agent.Native;
using Broker.Agent.Processes;
using Broker.Agent.Tests.Support;

namespace Broker.Agent.Tests.Processes;

public sealed class ChildProcessSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static Command Shell(string script, params (string Key, string Value)[] environment) => new(
        ["/bin/sh", "-c", script], [.. environment.Select(static e => KeyValuePair.Create(e.Key, e.Value))], ChildOutput.Discard);

    private static Task<ExitStatus> Run(Command command, params MemoryFile[] files) =>
        ChildProcess.Start(command, -1, [.. files.Select(static f => f.Descriptor)]).Exited;

    [Fact]
    public async Task Child_should_see_three_standard_descriptors_and_its_own_and_no_other()
    {
        using var secret = Texts.Secret("x");
        using var first = MemoryFile.Create(secret);
        using var second = MemoryFile.Create(secret);
        using var third = MemoryFile.Create(secret);
        // Without close-on-exec, as a careless library would open it.
        var leaking = LibC.Control(first.Descriptor, 0, 200);
        try
        {
            // Asking for each number opens nothing, as listing the directory would.
            var status = await Run(
                Shell($"i=0; while [ $i -lt 400 ]; do [ -e /proc/self/fd/$i ] && echo $i; i=$((i+1)); done > {_directory["list"]}"),
                second, third);

            Assert.Equal(0, status.Signal);
            // The shell itself keeps its output at 10 while the loop's is redirected.
            var seen = File.ReadAllText(_directory["list"]).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
                .Select(int.Parse).Where(static d => d != 10).Order();
            Assert.Equal([0, 1, 2, 3, 4], seen);
        }
        finally
        {
            _ = LibC.Close(leaking);
        }
    }

    [Fact]
    public async Task Child_should_read_each_file_under_its_own_number()
    {
        using var one = Texts.Secret("first");
        using var two = Texts.Secret("second");
        using var first = MemoryFile.Create(one);
        using var second = MemoryFile.Create(two);

        await Run(Shell($"cat /proc/self/fd/4 /proc/self/fd/3 /proc/self/fd/4 <&4 > {_directory["out"]}"), first, second);

        Assert.Equal("secondfirstsecond", File.ReadAllText(_directory["out"]));
    }

    [Fact]
    public async Task Child_should_digest_a_file_of_one_mebibyte()
    {
        using var content = Texts.Secret(1 << 20, 0xa5);
        using var file = MemoryFile.Create(content);
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content.Span));

        await Run(Shell($"/usr/bin/sha256sum /proc/self/fd/3 > {_directory["out"]}"), file);

        Assert.StartsWith(expected, File.ReadAllText(_directory["out"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Child_should_have_the_given_environment_and_nothing_else()
    {
        Environment.SetEnvironmentVariable("BROKER_AGENT_TEST_LEAK", "x");
        await ChildProcess.Start(
            new Command(["/bin/sh", "-c", $"/usr/bin/env -u PWD -u OLDPWD -u SHLVL -u _ > {_directory["out"]}"],
                [KeyValuePair.Create("A", "b=c")], ChildOutput.Discard),
            -1, []).Exited;

        Assert.Equal("A=b=c\n", File.ReadAllText(_directory["out"]));
    }

    [Theory]
    [InlineData("exit 0", 0, 0, "exit-0")]
    [InlineData("exit 7", 7, 0, "exit-7")]
    [InlineData("kill -15 $$", 0, 15, "signal-15")]
    public async Task Child_should_report_how_it_ended(string script, int code, int signal, string text)
    {
        var status = await Run(Shell(script));

        Assert.Equal(new ExitStatus(code, signal), status);
        Assert.Equal(text, status.ToString());
    }

    [Fact]
    public async Task Child_should_end_on_terminate_even_though_this_process_ignores_or_blocks_signals()
    {
        var child = ChildProcess.Start(new Command(["/bin/cat"], [], ChildOutput.Discard), -1, []);
        await child.Exited;
        child.Terminate();

        using var pipe = new InputPipe(0);
        var reader = ChildProcess.Start(new Command(["/bin/cat"], [], ChildOutput.Discard), pipe.ReadDescriptor, []);
        reader.Terminate();

        Assert.Equal(15, (await reader.Exited).Signal);
    }

    [Fact]
    public async Task Child_should_be_killed_with_its_whole_group()
    {
        using var pipe = new InputPipe(0);
        var child = ChildProcess.Start(
            Shell($"trap '' TERM; (trap '' TERM; echo $$ > {_directory["ready"]}; cat) & wait; cat"), pipe.ReadDescriptor, []);
        await Eventually.True(() => File.Exists(_directory["ready"]));
        child.Terminate();
        child.Kill();

        Assert.Equal(9, (await child.Exited).Signal);
        // Who was killed is gone when the kernel gets to it.
        await Eventually.True(() => !GroupOf(child.Pid).Any());
    }

    [Fact]
    public async Task Child_should_leave_no_helper_of_its_group_alive()
    {
        using var pipe = new InputPipe(0);
        var child = ChildProcess.Start(Shell("cat <&0 & exit 3"), pipe.ReadDescriptor, []);

        Assert.Equal(3, (await child.Exited).Code);
        await Eventually.True(() => !GroupOf(child.Pid).Any());
    }

    [Fact]
    public void Start_should_say_why_a_program_cannot_be_started()
    {
        var error = Assert.Throws<NativeException>(
            () => ChildProcess.Start(new Command(["/no/such/program"], [], ChildOutput.Discard), -1, []));
        Assert.Equal(2, error.Error);
    }

    [Fact]
    public async Task Pipe_should_carry_a_mebibyte_to_standard_input_and_end_it()
    {
        using var content = Texts.Secret(1 << 20, 0x41);
        using var pipe = new InputPipe(content.Length);
        var child = ChildProcess.Start(Shell($"/usr/bin/wc -c > {_directory["out"]}"), pipe.ReadDescriptor, []);
        pipe.CloseRead();

        Assert.True(pipe.WriteAll(content, CancellationToken.None));
        await child.Exited;
        Assert.Equal("1048576", File.ReadAllText(_directory["out"]).Trim());
    }

    [Fact]
    public async Task Pipe_should_say_that_a_child_did_not_take_its_input()
    {
        using var content = Texts.Secret(CredentialLength, 0x41);
        using var pipe = new InputPipe(0);
        var child = ChildProcess.Start(Shell("exit 0"), pipe.ReadDescriptor, []);
        pipe.CloseRead();
        await child.Exited;

        Assert.False(pipe.WriteAll(content, CancellationToken.None));
    }

    [Fact]
    public void Pipe_should_give_up_when_it_is_told_to()
    {
        using var content = Texts.Secret(CredentialLength, 0x41);
        using var pipe = new InputPipe(0);
        using var over = new CancellationTokenSource();
        over.Cancel();

        Assert.False(pipe.WriteAll(content, over.Token));
    }

    private const int CredentialLength = 1 << 20;

    private static IEnumerable<string> GroupOf(int group) => Directory.EnumerateDirectories("/proc")
        .Where(static d => int.TryParse(Path.GetFileName(d), out _))
        .Where(d =>
        {
            try
            {
                var fields = File.ReadAllText(d + "/stat").Split(") ")[^1].Split(' ');
                // A zombie holds nothing; whoever inherited it has not waited for it yet.
                return fields[0] != "Z" && fields[2] == group.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                return false;
            }
        });
}
