using Broker.Console.Shell;
using Broker.Console.Tests.Support;

namespace Broker.Console.Tests.Commands;

public sealed class UsageSpecs : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("brokerctl-");

    public static TheoryData<string> Wrong => [
        "frobnicate",
        "key new",
        "key new robot --name x",
        "key new user",
        "key new user --name Alice",
        "customer enrol",
        "customer enrol acme --threshold 2",
        "customer enrol acme --threshold 1 --custodian a=a --administrator b=b",
        "customer enrol acme --threshold 17 --custodian a=a --administrator b=b",
        "customer enrol ACME --threshold 2 --custodian a=a --administrator b=b",
        "customer enrol acme --threshold x --custodian a=a --administrator b=b",
        "customer enrol acme --threshold 2 --custodian a=a --administrator b=b --administrators-required 3",
        "customer unlock acme --share f",
        "customer unlock acme --share f --custodian c --accept-head -1",
        "customer lock acme",
        "credential put x --customer acme",
        "credential put x --kind password",
        "credential put x --customer acme --kind secret",
        "credential put x y --customer acme --kind password",
        "policy put p --customer acme --role king",
        "policy put p --customer acme --agent UPPER",
        "user put bob --customer acme --role operator",
        "agent invite a --customer acme --instance i",
        "launch --customer acme --agent a",
        "launch --customer acme --agent a --use u=c --wait 301",
        "hand-off show --customer acme",
        "audit export --customer acme",
        "health --timeout 0",
        "health --timeout 3601",
        "health --output yaml",
    ];

    /// <summary>Wrong in ways that the parser does not see; nothing is there that they could use.</summary>
    public static TheoryData<string> WrongLater => [
        "health",
        "key show user --name nobody",
        "customer enrol acme --threshold 2 --custodian a=a --administrator b=b",
        "customer enrol acme --threshold 2 --custodian a --administrator b=b --one-way-only",
        "launch --customer acme --agent a --use uc",
        "launch --customer acme --agent a --use u=c@0",
        "launch --customer acme --agent a --use u=c --replaces xyz",
        "launch --customer acme --agent a --use u=c --idempotency-key 12",
        "hand-off release zz --customer acme --agent a",
        "request send /nonexistent",
        "audit verify --file /nonexistent --root /nonexistent",
        "user accept /nonexistent",
        "init --root /nonexistent --certificate c --key k --gateway https://h:1",
        "init --root r --certificate c --key k --gateway http://h:1",
    ];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Wrong))]
    [MemberData(nameof(WrongLater))]
    public async Task Wrong_command_lines_should_end_with_usage(string line)
    {
        var ran = await new Brokerctl(_directory.FullName).RunAsync(line.Split(' '));
        Assert.Equal(ExitCode.Usage, ran.Exit);
        Assert.StartsWith("brokerctl: usage: ", ran.Error, StringComparison.Ordinal);
        Assert.Empty(ran.Output);
    }

    [Fact]
    public void Every_verb_should_have_an_example()
    {
        var without = new List<string>();
        Walk(ConsoleApp.Root(ConsoleHost.OfProcess()), without);
        Assert.Equal(["version"], without);
    }

    [Fact]
    public async Task Key_files_should_be_private_and_their_public_half_readable()
    {
        var console = new Brokerctl(_directory.FullName);
        var made = await console.GoodAsync("key", "new", "user", "--name", "alice");
        var path = Path.Combine(_directory.FullName, "users/alice.key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(made, await console.GoodAsync("key", "show", "user", "--name", "alice"));
        using (var key = Broker.Console.Keys.KeyFiles.Load(path))
            Assert.Contains(key.Public.Fingerprint.ToString(), made, StringComparison.Ordinal);
        await console.BadAsync(2, "usage", "key", "new", "user", "--name", "alice");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains(
            "chmod 600", Assert.Throws<CommandException>(() => Broker.Console.Keys.KeyFiles.Load(path)).Hint, StringComparison.Ordinal);
    }

    private static void Walk(System.CommandLine.Command command, List<string> without)
    {
        foreach (var child in command.Subcommands)
            Walk(child, without);
        if (command.Subcommands.Count == 0 && !command.Description!.Contains("Example", StringComparison.Ordinal))
            without.Add(command.Name);
    }
}
