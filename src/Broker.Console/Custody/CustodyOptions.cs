using System.CommandLine;
using Broker.Console.Keys;
using Broker.Console.Shell;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;

namespace Broker.Console.Custody;

/// <summary>What a change of custody or a rotation asks for. One instance serves one command.</summary>
internal sealed class CustodyOptions
{
    /// <summary>How long such a request lives: until its last holder has confirmed.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(2);

    private readonly Option<string[]> _custodians = new("--custodian")
    {
        Description = "A custodian and the public key that the share is sealed to; 2 to 16 of them",
        HelpName = "NAME=FILE.pub",
        DefaultValueFactory = static _ => [],
    };

    private readonly Option<int> _threshold = GlobalOptions.Range(
        new("--threshold") { Description = "Custodians who together unlock, 2 to 16" }, 2, 16);

    private readonly Option<int?> _required = new("--administrators-required")
    {
        Description = "Signatures on what is grave, 1 or 2; else as many as now. As many have to sign this",
    };

    private readonly Option<bool> _oneWay = new("--one-way-only")
    {
        Description = "I understand: there is one way of custody only, and who loses it has lost the data",
    };

    private readonly Option<string?> _directory = new("--shares-directory")
    {
        Description = "Where files for the holders are written, in a folder for the epoch and revision; else in the profile",
        HelpName = "DIR",
    };

    public Command AddTo(Command command) => command.With(_custodians, _threshold, _required, _oneWay, _directory);

    /// <summary>Whether a custody is asked for at all.</summary>
    public bool IsGiven(CommandContext context) => context.Get(_custodians)!.Length > 0;

    /// <summary>Where the files go; null for the profile.</summary>
    public string? Directory(CommandContext context) => context.Get(_directory);

    /// <summary>Signatures on what is grave.</summary>
    public uint Required(CommandContext context, CustodyRecord present) =>
        context.Get(_required) is { } asked ? (uint)Math.Max(0, asked) : present.AdministratorsRequired;

    /// <summary>The ways, checked.</summary>
    public (IReadOnlyList<CustodyWay> Ways, bool OneWayOnly) Ways(CommandContext context)
    {
        var custodians = new List<NamedKey>();
        foreach (var value in context.Get(_custodians)!)
        {
            var parts = value.Split('=', 2);
            if (parts.Length != 2)
                throw CommandException.Usage($"--custodian is NAME=FILE.pub, not '{value}'");
            custodians.Add(new NamedKey(Parsing.Name(parts[0], "--custodian"), KeyFiles.ReadPublic(parts[1])));
        }

        CustodyWay[] ways = [CustodyWay.OfShares((uint)context.Get(_threshold), custodians)];
        try
        {
            CustodyWay.Validate(ways, context.Get(_oneWay));
        }
        catch (MalformedException problem)
        {
            throw CommandException.Usage(problem.Message);
        }

        return (ways, context.Get(_oneWay));
    }
}
