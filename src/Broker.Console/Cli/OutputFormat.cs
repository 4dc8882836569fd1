using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace Broker.Console.Cli;

/// <summary>Writes what commands answer, as text for people or as one JSON object for scripts.</summary>
public static class OutputFormat
{
    /// <summary><c>--output text|json</c>, for every command.</summary>
    public static readonly Option<string> Option = CreateOption();

    /// <summary>Writes named values in their order: <c>name: value</c> lines, or an object with the same names.</summary>
    public static void Write(ParseResult parsed, params IReadOnlyList<(string Name, string Value)> values)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (IsJson(parsed))
            output.WriteLine(Json(values));
        else
            foreach (var (name, value) in values)
                output.WriteLine($"{name}: {value}");
    }

    /// <summary>Runs a command's work and tells its errors: on standard error, with the exit code of the error.</summary>
    public static int Run(ParseResult parsed, Action work)
    {
        try
        {
            work();
            return ExitCodes.Ok;
        }
        catch (Exception e) when (e is CommandException or Links.Identity.InstallationKeyException)
        {
            var error = parsed.InvocationConfiguration.Error;
            error.WriteLine(IsJson(parsed) ? Json([("error", e.Message)]) : "error: " + e.Message);
            return (e as CommandException)?.ExitCode ?? ExitCodes.Usage;
        }
    }

    private static bool IsJson(ParseResult parsed) => parsed.GetValue(Option) == "json";

    private static string Json(IReadOnlyList<(string Name, string Value)> values)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in values)
                writer.WriteString(CamelCase(name), value);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string CamelCase(string words) =>
        string.Concat(words.Split(' ').Select(static (word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    private static Option<string> CreateOption()
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
}
