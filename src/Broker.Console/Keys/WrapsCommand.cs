using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Console.Keys;

/// <summary>A wrap in a token.</summary>
/// <param name="Cluster">The installation that it names.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Way">The way of custody.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Making">The making of the way, 32 hexadecimal digits.</param>
/// <param name="Identity">Fingerprint of the identity that made it.</param>
/// <param name="Standing">A constant of <see cref="WrapsCommand"/>.</param>
/// <param name="Removed">Whether it is gone now.</param>
internal sealed record KeptWrapResult(
    string Cluster, string Customer, string Way, uint Epoch, string Making, string Identity, string Standing, bool Removed);

/// <summary>Result of <c>key wraps</c>.</summary>
/// <param name="Wraps">The wraps that the token kept when the command began.</param>
internal sealed record KeptWrapsResult(IReadOnlyList<KeptWrapResult> Wraps);

/// <summary>
/// <c>brokerctl key wraps</c>: what a token keeps, and the removal of what an enrolment or a change of custody left there that was never
/// ended. By hand and one at a time: what a node would believe of the zone must not destroy a way to unlock.
/// </summary>
internal static class WrapsCommand
{
    /// <summary>The identity is the one that this profile pins for the customer.</summary>
    public const string Pinned = "pinned";

    /// <summary>The profile pins another identity: no start of the customer's present epoch made it.</summary>
    public const string Other = "another-identity";

    /// <summary>The profile pins nothing of the customer, or another installation.</summary>
    public const string Unknown = "not-pinned-here";

    public static Command Create(ConsoleHost host)
    {
        var token = new TokenOptions();
        var remove = new Option<string?>("--remove")
        {
            Description = "Removes the wraps of this making, as the list names it",
            HelpName = "MAKING",
        };
        var force = new Option<bool>("--although-in-use")
        {
            Description = "Removes them although the identity is the pinned one, or none is pinned: it may be the last way to unlock",
        };
        var command = new Command("wraps", """
            Lists the wraps in a token, and removes what an unfinished enrolment or change of custody left there

            A wrap by another identity than the pinned one unlocks nothing that this customer has now. Nothing else is removed unless
            --although-in-use says so: prove another way first, with 'customer verify-custody'.

            Examples:
              brokerctl key wraps --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --token custody --pin-file vault.pin
              brokerctl key wraps --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --token custody --pin-file vault.pin \
                --remove 3f2a9c0b7d5e4f118a6b0c2d4e6f8091
            """).With(remove, force);
        return token.AddTokenTo(command).Runs(host, context => Run(context, token, context.Get(remove), context.Get(force)));
    }

    private static int Run(CommandContext context, TokenOptions options, string? making, bool force)
    {
        var split = making is null ? (Id16?)null
            : Id16.TryParse(making, out var parsed) ? parsed : throw CommandException.Usage("--remove is 32 hexadecimal digits");
        var (module, token) = options.OpenToken(context);
        using (module)
        using (token)
        {
            var wraps = token.AllWraps().OrderBy(static w => w.Customer.Value, StringComparer.Ordinal).ThenBy(static w => w.Epoch).ToList();
            if (split is { } named)
                Check(context, [.. wraps.Where(w => w.Split == named)], making!, force);
            var results = wraps.ConvertAll(w => Result(context, w, split == w.Split && Remove(token, w)));
            context.Print(new KeptWrapsResult(results), ConsoleJson.Default.KeptWrapsResult, o =>
            {
                foreach (var wrap in results)
                {
                    o.WriteLine($"{wrap.Making}  {wrap.Customer}, way {wrap.Way}, epoch {wrap.Epoch}: identity {wrap.Identity}, " +
                        wrap.Standing + (wrap.Removed ? "; removed" : ""));
                }

                o.WriteLine($"{results.Count} wraps in the token, {results.Count(static w => w.Removed)} removed");
            });
        }

        return ExitCode.Ok;
    }

    private static void Check(CommandContext context, List<SealedWrap> named, string making, bool force)
    {
        if (named.Count == 0)
            throw new CommandException(ExitCode.NotFound, "wrap-missing", $"the token keeps no wrap of making {making}");
        if (!force && named.Any(w => StandingOf(context, w) != Other))
        {
            throw CommandException.Usage(
                $"the wrap of making {making} may be a way to unlock {named[0].Customer}",
                "prove another way with 'brokerctl customer verify-custody', then add --although-in-use");
        }
    }

    // The same making may be there twice, after a replacement that was interrupted: both go with the first.
    private static bool Remove(HsmToken token, SealedWrap wrap)
    {
        token.RemoveWraps(wrap.Cluster, wrap.Customer, wrap.Epoch, wrap.Way, wrap.Split);
        return token.FindWraps(wrap.Cluster, wrap.Customer, wrap.Epoch, wrap.Way, wrap.Split).Count == 0;
    }

    private static KeptWrapResult Result(CommandContext context, SealedWrap wrap, bool removed) => new(
        wrap.Cluster.Value, wrap.Customer.Value, wrap.Way.Value, wrap.Epoch, wrap.Split.ToString(), wrap.Identity.Fingerprint.ToString(),
        StandingOf(context, wrap), removed);

    private static string StandingOf(CommandContext context, SealedWrap wrap)
    {
        var trust = context.Profile.Trust;
        return wrap.Cluster != trust.Cluster || context.Profile.Customer(wrap.Customer).Pin(trust.Fingerprint) is not { } pin ? Unknown
            : pin == wrap.Identity.Fingerprint ? Pinned : Other;
    }
}
