using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Custody;

namespace Broker.Console.Keys;

/// <summary>Options of the form <c>NAME=FILE.pub</c>, which can be given several times.</summary>
internal static class NamedKeyOption
{
    public static Option<string[]> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "NAME=FILE.pub",
        DefaultValueFactory = static _ => [],
    };

    /// <summary>Reads the names and the key files.</summary>
    public static List<NamedKey> Read(string[]? values, string option)
    {
        var keys = new List<NamedKey>();
        foreach (var value in values ?? [])
        {
            var parts = value.Split('=', 2);
            if (parts.Length != 2)
                throw CommandException.Usage($"{option} is NAME=FILE.pub, not '{value}'");
            keys.Add(new NamedKey(Parsing.Name(parts[0], option), KeyFiles.ReadPublic(parts[1])));
        }

        return keys;
    }
}
