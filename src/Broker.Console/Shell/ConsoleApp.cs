using System.CommandLine;
using Broker.Console.Agents;
using Broker.Console.Audit;
using Broker.Console.Authority;
using Broker.Console.Backup;
using Broker.Console.Credentials;
using Broker.Console.Customers;
using Broker.Console.Health;
using Broker.Console.Keys;
using Broker.Console.Launches;
using Broker.Console.Nodes;
using Broker.Console.Policies;
using Broker.Console.Profiles;
using Broker.Console.Requests;
using Broker.Console.Users;

namespace Broker.Console.Shell;

/// <summary>The command line: every noun, and how its errors end.</summary>
internal static class ConsoleApp
{
    /// <summary>Locked memory of the process: eight credentials of the largest size.</summary>
    public const long SecretCapacity = 8L << 20;

    /// <summary>
    /// A diagnostic: with 1, brokerctl stops itself (SIGSTOP) just before it exits, after all secrets were wiped, so that a scanner
    /// can look at its memory.
    /// </summary>
    public const string PauseVariable = "BROKERCTL_PAUSE_AT_EXIT";

    /// <summary>Runs one command line.</summary>
    /// <returns>A constant of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, ConsoleHost host, CancellationToken cancellation = default)
    {
        var parse = Root(host).Parse(args);
        if (parse.Errors.Count > 0)
        {
            foreach (var error in parse.Errors)
                host.Error.WriteLine("brokerctl: usage: " + error.Message);
            host.Error.WriteLine($"hint: {Path(parse.CommandResult)} --help");
            return ExitCode.Usage;
        }

        var configuration = new InvocationConfiguration { Output = host.Out, Error = host.Error };
        return await parse.InvokeAsync(configuration, cancellation);
    }

    /// <summary>The root command with everything below it.</summary>
    public static RootCommand Root(ConsoleHost host)
    {
        var root = new RootCommand("""
            brokerctl is the console of the credential broker

            Exit codes: 0 done, 1 refused, 2 usage, 3 not found, 4 locked, 5 unreachable, 6 outcome unknown, 7 verification failed
            """);
        GlobalOptions.AddTo(root);
        foreach (var command in new[]
        {
            CaCommand.Create(host), InitCommand.Create(host), KeyCommand.Create(host), CustomerCommand.Create(host),
            CredentialCommand.Create(host),
            PolicyCommand.Create(host), UserCommand.Create(host), AgentCommand.Create(host), LaunchCommand.Create(host),
            HandOffCommand.Create(host), AuditCommand.Create(host), RequestCommand.Create(host), HealthCommand.Create(host),
            BackupCommand.Create(host), NodeCommand.Create(host), VersionCommand.Create(host),
        })
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    private static string Path(System.CommandLine.Parsing.CommandResult result)
    {
        var names = new List<string>();
        for (var at = result; at is not null; at = at.Parent as System.CommandLine.Parsing.CommandResult)
            names.Insert(0, at.Command is RootCommand ? "brokerctl" : at.Command.Name);
        return string.Join(' ', names);
    }
}
