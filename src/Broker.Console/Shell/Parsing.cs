using System.CommandLine;
using System.CommandLine.Parsing;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Shell;

/// <summary>Arguments and options of the broker's own types; what is wrong with one is a usage error.</summary>
internal static class Parsing
{
    private const string NameForm = "is not 1 to 63 of a-z, 0-9 and -";

    public static Argument<Name> NameArgument(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = static result => ToName(result) ?? default,
    };

    /// <summary>The option <c>--customer</c>, required.</summary>
    public static Option<Name?> Customer() => new("--customer", "-c")
    {
        Description = "The customer",
        HelpName = "NAME",
        Required = true,
        CustomParser = ToName,
    };

    public static Option<Name?> NameOption(string name, string description, bool required = false) => new(name)
    {
        Description = description,
        HelpName = "NAME",
        Required = required,
        CustomParser = ToName,
    };

    public static Option<Name[]> NamesOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "NAME",
        CustomParser = ToNames,
        DefaultValueFactory = static _ => [],
    };

    public static Option<string?> FileOption(string name, string description, bool required = false) => new(name)
    {
        Description = description,
        HelpName = "FILE",
        Required = required,
    };

    /// <summary>A text as a name.</summary>
    public static Name Name(string text, string what) =>
        Protocol.Identifiers.Name.TryParse(text, out var name) ? name : throw CommandException.Usage($"{what} '{text}' {NameForm}");

    private static Name? ToName(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (Protocol.Identifiers.Name.TryParse(text, out var name))
            return name;
        result.AddError($"'{text}' {NameForm}");
        return null;
    }

    private static Name[] ToNames(ArgumentResult result)
    {
        var names = new List<Name>();
        foreach (var token in result.Tokens)
        {
            if (Protocol.Identifiers.Name.TryParse(token.Value, out var name))
                names.Add(name);
            else
                result.AddError($"'{token.Value}' {NameForm}");
        }

        return [.. names];
    }
}
