using System.CommandLine;
using Broker.Configuration;
using Broker.Secrets;

namespace Broker.Agent.Commands;

/// <summary>The command line of <c>broker-agent</c>: verbs, options, help, exit codes.</summary>
internal static class CommandLine
{
    private const string Examples = """

        Examples:
          broker-agent enrol --config /etc/broker/agent.conf --token-file /run/broker-token
          broker-agent enrol --config /etc/broker/agent.conf --token-file - < token
          broker-agent run --config /etc/broker/agent.conf
          broker-agent check-config --config /etc/broker/agent.conf
          broker-agent status --config /etc/broker/agent.conf

        Exit codes: 0 success, 1 internal error, 2 wrong configuration or command line, 3 the broker or the agent's state does not allow it,
        4 not everything could be stopped in time, 5 no agent runs (status).
        """;

    internal static Task<int> RunAsync(string[] arguments)
    {
        var config = new Option<string[]>("--config")
        {
            Description = "Configuration files, lowest layer first, over the reference configuration.",
            DefaultValueFactory = static _ => File.Exists("/etc/broker/agent.conf") ? ["/etc/broker/agent.conf"] : [],
            AllowMultipleArgumentsPerToken = true,
            Recursive = true,
        };
        var token = new Option<string>("--token-file")
        {
            Description = "The file with the enrolment token, mode 0600, removed when it was used; - for standard input.",
            Required = true,
        };

        var run = new Command("run", "Serves the broker's hand-offs until SIGTERM (the default).");
        run.SetAction((result, cancellation) => Guard(() => RunVerb.RunAsync(result.GetValue(config)!, cancellation)));
        var enrol = new Command("enrol", "Redeems an enrolment token for a grant.") { token };
        enrol.SetAction((result, cancellation) =>
            Guard(() => EnrolVerb.RunAsync(result.GetValue(config)!, result.GetValue(token)!, cancellation)));
        var check = new Command("check-config", "Validates the configuration and lists everything that is wrong with it.");
        check.SetAction((result, _) => Guard(() => InspectVerbs.CheckAsync(result.GetValue(config)!)));
        var status = new Command("status", "Says how the running agent stands.");
        status.SetAction((result, _) => Guard(() => InspectVerbs.StatusAsync(result.GetValue(config)!)));

        var root = new RootCommand(
            "The broker's agent: receives credentials, gives them to the programs that its configuration names, wipes them." + Examples)
        {
            config, run, enrol, check, status,
        };
        root.SetAction((result, cancellation) => Guard(() => RunVerb.RunAsync(result.GetValue(config)!, cancellation)));
        var parsed = root.Parse(arguments);
        // Without this the library would end the process before the uses are stopped; the run verb has its own deadline.
        return parsed.Errors.Count > 0
            ? InvokeInvalid(parsed)
            : parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan });
    }

    private static async Task<int> InvokeInvalid(ParseResult parsed)
    {
        await parsed.InvokeAsync();
        return ExitCode.WrongConfiguration;
    }

    private static async Task<int> Guard(Func<Task<int>> verb)
    {
        try
        {
            return await verb();
        }
        catch (HoconException e)
        {
            foreach (var error in e.Errors)
                await Console.Error.WriteLineAsync(error.ToString());
            return ExitCode.WrongConfiguration;
        }
        catch (AgentException e)
        {
            await Console.Error.WriteLineAsync($"{e.Code}: {e.Message}");
            return ExitCode.Refused;
        }
        catch (SecretMemoryException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.WrongConfiguration;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("interrupted");
            return ExitCode.Internal;
        }
    }
}
