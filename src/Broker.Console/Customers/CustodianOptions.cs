using System.CommandLine;
using Broker.Console.Keys;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Console.Customers;

/// <summary>Options by which a custodian names share and key, and the identity where it is not pinned yet.</summary>
internal sealed class CustodianOptions
{
    private readonly Option<string?> _share = Parsing.FileOption("--share", "The share file", required: true);
    private readonly Option<Name?> _custodian = Parsing.NameOption("--custodian", "The custodian's key in this profile", required: true);

    private readonly Option<string?> _identity = new("--identity")
    {
        Description = "The customer's identity fingerprint, as the enrolling console printed it; pins it where nothing is pinned yet",
        HelpName = "HEX",
    };

    public Command AddTo(Command command) => command.With(_share, _custodian, _identity);

    /// <summary>Opens the share; the caller disposes it.</summary>
    public ShareRecord Open(CommandContext context, Name customer)
    {
        var trust = context.Profile.Trust;
        var files = context.Profile.Customer(customer);
        var pin = files.Pin(trust.Fingerprint);
        if (context.Get(_identity) is { } text)
        {
            if (!Digest.TryParse(text, out var told))
                throw CommandException.Usage("--identity is 64 hexadecimal digits");
            if (pin is { } known && known != told)
                throw CommandException.Unverified(
                    "identity-not-pinned", $"pinned is {known}, not {told}", "ask an administrator of the customer by voice");
            if (pin is null)
                files.WritePin(trust.Fingerprint, told);
            pin = told;
        }

        if (pin is null)
        {
            throw CommandException.Usage(
                $"the identity of {customer} is not pinned in this profile",
                "add --identity with the fingerprint that the enrolling console printed, compared by voice");
        }

        var name = context.Need(_custodian);
        var path = context.Profile.CustodianKey(name);
        if (!File.Exists(path))
            throw CommandException.Usage(
                $"there is no key of custodian {name} in this profile: {path}", $"brokerctl key new custodian --name {name}");
        using var key = KeyFiles.Load(path);
        return ShareFile.Open(context.Need(_share), customer, key, trust.Cluster, pin.Value);
    }
}
