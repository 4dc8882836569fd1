using System.CommandLine;
using Broker.Console.Keys;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>Options that say by which ways a customer's secret is to be kept.</summary>
internal sealed class WayOptions
{
    private readonly Option<string[]> _custodians =
        NamedKeyOption.Create("--custodian", "A custodian and the public key that the share is sealed to; 2 to 16 of them, or none");

    private readonly Option<int> _threshold = GlobalOptions.Range(
        new("--threshold") { Description = "Custodians who together unlock, 2 to 16; with --custodian" }, 2, 16);

    private readonly Option<string[]> _keys =
        NamedKeyOption.Create("--key-way", "A way by a key that the customer holds, in a file or an HSM, and its public half");

    private readonly Option<Name[]> _tokens =
        Parsing.NamesOption("--hsm-way", "A way by a token of the node, which then unlocks without people");

    private readonly Option<bool> _oneWay = new("--one-way-only")
    {
        Description = "I understand: there is one way of custody only, and who loses it has lost the data",
    };

    public Command AddTo(Command command) => command.With(_custodians, _threshold, _keys, _tokens, _oneWay);

    /// <summary>Whether ways by tokens of the node are named.</summary>
    public bool NameTokens(CommandContext context) => context.Get(_tokens) is { Length: > 0 };

    /// <summary>Reads the ways; keys of tokens are those that the node says it has.</summary>
    public (IReadOnlyList<CustodyWay> Ways, bool OneWayOnly) Read(CommandContext context, IReadOnlyList<HsmWayModel> tokens)
    {
        var ways = new List<CustodyWay>();
        var custodians = NamedKeyOption.Read(context.Get(_custodians), "--custodian");
        var threshold = context.Get(_threshold);
        if ((custodians.Count == 0) != (threshold == 0))
            throw CommandException.Usage("--threshold and --custodian go together");
        if (custodians.Count > 0)
            ways.Add(CustodyWay.OfShares((uint)threshold, custodians));
        ways.AddRange(NamedKeyOption.Read(context.Get(_keys), "--key-way").Select(static k => CustodyWay.OfWrap(WayKind.Key, k)));
        ways.AddRange((context.Get(_tokens) ?? []).Select(t => CustodyWay.OfWrap(WayKind.Hsm, OfToken(context, t, tokens))));
        var oneWay = context.Get(_oneWay);
        if (oneWay && ways.Count > 1)
            throw CommandException.Usage("--one-way-only is for a single way of custody; here are several");
        if (!oneWay && ways.Count == 1)
            throw CommandException.Usage(
                "one way of custody only: whoever loses it has lost the data",
                "name a second one, such as --key-way NAME=FILE, or say --one-way-only");
        return (ways, oneWay);
    }

    private static NamedKey OfToken(CommandContext context, Name way, IReadOnlyList<HsmWayModel> tokens)
    {
        var found = tokens.FirstOrDefault(t => t.Way == way.Value) ?? throw CommandException.Usage(
            $"the node has no token for a way {way}",
            tokens.Count == 0
                ? "see broker.dmz.custody.hsm in its configuration"
                : $"it has {string.Join(", ", tokens.Select(static t => t.Way))}");
        if (found.Key is null || found.Problem is not null)
        {
            throw new CommandException(
                ExitCode.Unreachable, found.Problem ?? "hsm-token-missing", found.Detail ?? $"the token of way {way} was not seen yet");
        }

        try
        {
            var key = PublicKey.Parse(found.Key);
            context.Note($"way {way}: the node's token has key {key.Fingerprint}");
            return new NamedKey(way, key);
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("answer-malformed", $"what the node says of way {way} is no key");
        }
    }
}
