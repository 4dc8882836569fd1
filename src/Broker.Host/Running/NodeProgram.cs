using System.CommandLine;
using Broker.Configuration;

namespace Broker.Host.Running;

/// <summary>The command line of a node executable: run it, or check its configuration.</summary>
public static class NodeProgram
{
    /// <summary>Parses, reads, runs.</summary>
    /// <param name="arguments">Of the process.</param>
    /// <param name="node">What the executable is.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static Task<int> RunAsync<TSettings>(string[] arguments, NodeDefinition<TSettings> node) =>
        RunAsync(arguments, node, System.Console.Out, System.Console.Error);

    internal static Task<int> RunAsync<TSettings>(string[] arguments, NodeDefinition<TSettings> node, TextWriter output, TextWriter error)
    {
        var configuration = new Option<string[]>("--config", "-c")
        {
            Description = "HOCON file over the defaults; may be repeated, later ones override.",
            DefaultValueFactory = static _ => [],
            Recursive = true,
        };
        var check = new Command(
            "check-config",
            $"Reads the configuration as a start would, and lists everything that is wrong.\n\n" +
            $"Example: {node.Name} check-config --config /etc/broker/{node.Section}.conf");
        check.SetAction(parsed => Check(parsed, node, parsed.GetValue(configuration) ?? []));
        var root = new RootCommand($"{node.Description}\n\nExample: {node.Name} --config /etc/broker/{node.Section}.conf")
        {
            configuration, check,
        };
        foreach (var verb in node.Verbs)
            root.Add(ToCommand(node, verb, configuration));
        foreach (var option in node.Options)
            root.Add(option);
        // The token of the command line is not used: signals are taken by the run itself.
        root.SetAction((parsed, _) => StartAsync(parsed, node, parsed.GetValue(configuration) ?? []));
        return root.Parse(arguments).InvokeAsync(
            new InvocationConfiguration { ProcessTerminationTimeout = null, Output = output, Error = error });
    }

    private static Command ToCommand<TSettings>(NodeDefinition<TSettings> node, NodeVerb<TSettings> verb, Option<string[]> configuration)
    {
        var command = new Command(verb.Name, verb.Description);
        var flags = verb.Options.Where(static o => o.HelpName is null)
            .ToDictionary(static o => o.Name, static o => new Option<bool>(o.Name) { Description = o.Description });
        var values = verb.Options.Where(static o => o.HelpName is not null).ToDictionary(
            static o => o.Name,
            static o => new Option<string>(o.Name) { Description = o.Description, HelpName = o.HelpName, Required = o.Required });
        foreach (var option in flags.Values.Concat<Option>(values.Values))
            command.Add(option);
        command.SetAction(parsed =>
        {
            if (Load(parsed, node, parsed.GetValue(configuration) ?? []) is not { } settings)
                return ExitCodes.Configuration;
            var given = flags.Where(f => parsed.GetValue(f.Value)).ToDictionary(static f => f.Key, static _ => "");
            foreach (var (name, option) in values)
            {
                if (parsed.GetValue(option) is { } value)
                    given[name] = value;
            }

            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                return verb.Run(settings.Own, new NodeVerbInput(given, TimeProvider.System, output, error));
            }
            catch (StartException e)
            {
                error.WriteLine($"{node.Name} {verb.Name}: {e.Message}");
                return ExitCodes.Start;
            }
        });
        return command;
    }

    private static int Check<TSettings>(ParseResult parsed, NodeDefinition<TSettings> node, string[] files)
    {
        if (Load(parsed, node, files) is not { } settings)
            return ExitCodes.Configuration;
        parsed.InvocationConfiguration.Output.WriteLine($"the configuration is good: {string.Join(", ", settings.Files)}");
        return ExitCodes.Ok;
    }

    private static async Task<int> StartAsync<TSettings>(ParseResult parsed, NodeDefinition<TSettings> node, string[] files)
    {
        if (Load(parsed, node, files) is not { } settings)
            return ExitCodes.Configuration;
        settings = settings with { Own = node.Complete(settings.Own, parsed) };
        using var run = new NodeRun<TSettings>(node, settings, TimeProvider.System, parsed.InvocationConfiguration.Error);
        return await run.RunAsync().ConfigureAwait(false);
    }

    private static NodeSettings<TSettings>? Load<TSettings>(ParseResult parsed, NodeDefinition<TSettings> node, string[] files)
    {
        try
        {
            return NodeSettings<TSettings>.Load(node, files);
        }
        catch (HoconException e)
        {
            foreach (var error in e.Errors)
                parsed.InvocationConfiguration.Error.WriteLine(error);
            return null;
        }
    }
}
