using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;

namespace Broker.Console.Custody;

/// <summary>What a change of custody or a rotation asks for. One instance serves one command.</summary>
internal sealed class CustodyOptions
{
    /// <summary>How long such a request lives: until its last holder has confirmed.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(2);

    private readonly WayOptions _ways = new();

    private readonly Option<int?> _required = new("--administrators-required")
    {
        Description = "Signatures on what is grave, 1 or 2; else as many as now. As many have to sign this",
    };

    private readonly Option<string?> _directory = new("--shares-directory")
    {
        Description = "Where files for the holders are written, in a folder for the epoch and revision; else in the profile",
        HelpName = "DIR",
    };

    public Command AddTo(Command command) => _ways.AddTo(command).With(_required, _directory);

    /// <summary>Where the files go; null for the profile.</summary>
    public string? Directory(CommandContext context) => context.Get(_directory);

    /// <summary>Signatures on what is grave.</summary>
    public uint Required(CommandContext context, CustodyRecord present) =>
        context.Get(_required) is { } asked ? (uint)Math.Max(0, asked) : present.AdministratorsRequired;

    /// <summary>The ways, checked; keys of tokens are those that the node says it has.</summary>
    public async Task<(IReadOnlyList<CustodyWay> Ways, bool OneWayOnly)> WaysAsync(CommandContext context)
    {
        IReadOnlyList<HsmWayModel> tokens = _ways.NameTokens(context)
            ? (await context.Gateway.GetAsync(ApiRoutes.V1 + "/node", ApiJson.Default.NodeModel)).HsmWays
            : [];
        var (ways, oneWay) = _ways.Read(context, tokens);
        try
        {
            CustodyWay.Validate(ways, oneWay);
        }
        catch (MalformedException problem)
        {
            throw CommandException.Usage(problem.Message);
        }

        return (ways, oneWay);
    }
}
