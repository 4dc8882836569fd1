using System.CommandLine;
using Broker.Console.Keys;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>
/// Options by which a holder names what they keep: a share and the custodian's key, or a wrap and the key of its way; and the identity
/// where it is not pinned yet.
/// </summary>
internal sealed class HolderOptions
{
    private readonly Option<string?> _share = Parsing.FileOption("--share", "The share file, with --custodian");
    private readonly Option<Name?> _custodian = Parsing.NameOption("--custodian", "The custodian's key in this profile");
    private readonly Option<string?> _wrap = Parsing.FileOption("--wrap", "The wrap file, with --key or --pkcs11-module");

    private readonly Option<string?> _key = new("--key")
    {
        Description = "The key of the wrap's way: its name in this profile, or a key file",
        HelpName = "NAME|FILE",
    };

    private readonly TokenOptions _token = new();

    private readonly Option<string?> _identity = new("--identity")
    {
        Description = "The customer's identity fingerprint, as the enrolling console printed it; pins it where nothing is pinned yet",
        HelpName = "HEX",
    };

    public Command AddTo(Command command) => _token.AddTo(command.With(_share, _custodian, _wrap, _key)).With(_identity);

    /// <summary>Whether something was named.</summary>
    public bool IsGiven(CommandContext context) => context.Get(_share) is not null || context.Get(_wrap) is not null;

    /// <summary>Opens what was named; the caller disposes it.</summary>
    public OpenedWay Open(CommandContext context, Name customer)
    {
        var (share, wrap) = (context.Get(_share), context.Get(_wrap));
        if ((share is null) == (wrap is null))
            throw CommandException.Usage("name one of --share and --wrap");
        var pin = Pin(context, customer);
        return share is null ? OpenWrap(context, customer, wrap!, pin) : OpenShare(context, customer, share, pin);
    }

    /// <summary>The pinned identity; pins the one that <c>--identity</c> names where there is none.</summary>
    public Digest Pin(CommandContext context, Name customer)
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

        return pin ?? throw CommandException.Usage(
            $"the identity of {customer} is not pinned in this profile",
            "add --identity with the fingerprint that the enrolling console printed, compared by voice");
    }

    private OpenedShare OpenShare(CommandContext context, Name customer, string share, Digest pin)
    {
        var name = context.Need(_custodian);
        var path = context.Profile.CustodianKey(name);
        if (!File.Exists(path))
            throw CommandException.Usage(
                $"there is no key of custodian {name} in this profile: {path}", $"brokerctl key new custodian --name {name}");
        using var key = KeyFiles.Load(path);
        return new OpenedShare(ShareFile.Open(share, customer, key, context.Profile.Trust.Cluster, pin));
    }

    private OpenedKeyWay OpenWrap(CommandContext context, Name customer, string path, Digest pin)
    {
        var wrap = WrapFile.Read(path, customer, context.Profile.Trust.Cluster, pin);
        if (_token.IsGiven(context))
        {
            if (context.Get(_key) is not null)
                throw CommandException.Usage("name one of --key and --pkcs11-module");
            using var token = _token.Open(context);
            return new OpenedKeyWay(WrapFile.Open(wrap, token.Key));
        }

        using var key = KeyFiles.Load(KeyPath(context, context.Need(_key)));
        return new OpenedKeyWay(WrapFile.Open(wrap, key.Agreement));
    }

    private static string KeyPath(CommandContext context, string text)
    {
        var path = Name.TryParse(text, out var name) ? context.Profile.WayKey(name) : text;
        return File.Exists(path) ? path : throw CommandException.Usage(
            $"{path} does not exist", "name a key file, or a key that brokerctl key new way made in this profile");
    }
}
