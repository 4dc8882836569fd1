using System.CommandLine;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Shell;

/// <summary>Options that every command has.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> Profile = new("--profile")
    {
        Description = "Directory with certificate, keys and pins; else BROKER_PROFILE, else ~/.broker",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly Option<Name?> User = UserOption();

    public static readonly Option<string> Output = OutputOption();

    public static readonly Option<int> Timeout = Range(new("--timeout")
    {
        Description = "Seconds that a call to the broker may take, 1 to 3600; --wait adds to it",
        HelpName = "SECONDS",
        Recursive = true,
        DefaultValueFactory = static _ => 30,
    }, 1, 3600);

    /// <summary>Adds them to the root.</summary>
    public static void AddTo(RootCommand root)
    {
        root.Options.Add(Profile);
        root.Options.Add(User);
        root.Options.Add(Output);
        root.Options.Add(Timeout);
    }

    private static Option<string> OutputOption()
    {
        var option = new Option<string>("--output")
        {
            Description = "How results are written: text, or json for scripts.",
            DefaultValueFactory = static _ => "text",
            Recursive = true,
        };
        option.AcceptOnlyFromAmong("text", "json");
        return option;
    }

    private static Option<Name?> UserOption()
    {
        var option = Parsing.NameOption("--user", "Who signs; else the profile's user");
        option.Recursive = true;
        return option;
    }

    /// <summary>Bounds a number.</summary>
    public static Option<int> Range(Option<int> option, int min, int max)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var value) && (value < min || value > max))
                result.AddError($"{option.Name} is {min} to {max}");
        });
        return option;
    }
}
