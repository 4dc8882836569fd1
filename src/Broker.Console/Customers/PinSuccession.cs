using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>
/// Follows a customer's identity from the one that is pinned to the one that the broker shows, by the signatures of each to the next,
/// and pins that. What a compromised identity signed is never followed.
/// </summary>
internal static class PinSuccession
{
    /// <summary>How people renew a pin.</summary>
    public const string RenewHint =
        "compare the new fingerprint with an administrator by voice: brokerctl user accept FILE --compared --renew, with a new invitation";

    /// <summary>The identity to believe from here on.</summary>
    /// <param name="context">The run.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="model">What the broker shows.</param>
    /// <param name="pin">The pinned identity.</param>
    /// <returns>The pinned one, or the one that followed it, pinned now.</returns>
    /// <exception cref="CommandException">The pinned one was given up as compromised, or the head was set back.</exception>
    public static Digest Follow(CommandContext context, Name customer, CustomerModel model, Digest pin)
    {
        var cluster = context.Profile.Trust.Cluster;
        if (Read(model.Custody) is not { } custody || custody.Identity.Fingerprint is var shown && shown == pin)
            return pin;
        switch (SuccessionChain.Follow(pin, shown, [.. model.Successions.Select(static s => s.ToSigned())], cluster, customer))
        {
            case SuccessionOutcome.Followed:
                Repin(context, customer, model, custody);
                context.Note($"the customer rotated: identity {pin} signed its successor, {shown} is pinned now");
                return shown;
            case SuccessionOutcome.Broken:
                throw Broken(customer, shown);
            default:
                // Whoever compares it with the pin says what is wrong.
                return pin;
        }
    }

    /// <summary>What to do when the pinned identity was given up.</summary>
    public static CommandException Broken(Name customer, Digest shown) => CommandException.Unverified(
        "succession-broken", $"{customer} gave the pinned identity up as compromised; the broker shows {shown}", RenewHint);

    private static void Repin(CommandContext context, Name customer, CustomerModel model, CustodyRecord custody)
    {
        var files = context.Profile.Customer(customer);
        if (Read(model.Head, custody) is not { } head)
            throw CommandException.Unverified("head-forged", "the head is not signed by the customer's identity");
        if (files.Head() is { } last && last.ToSigned().Read<CustomerHead>().Counter >= head.Counter)
        {
            throw CommandException.Unverified(
                "head-rolled-back", $"the broker shows head {head.Counter} after a rotation, but a later one was seen before",
                "the database was set back: stop and look at the audit trail");
        }

        files.Repin(context.Profile.Trust.Fingerprint, custody.Identity.Fingerprint, model.Head!);
    }

    private static CustodyRecord? Read(SignedModel? signed)
    {
        try
        {
            return signed?.ToSigned().Read<CustodyRecord>();
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    private static CustomerHead? Read(SignedModel? signed, CustodyRecord custody)
    {
        try
        {
            return signed?.ToSigned() is { } statement && statement.IsBy(custody.Identity) &&
                statement.Read<CustomerHead>() is var head && head.Customer == custody.Customer && head.Cluster == custody.Cluster
                ? head
                : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    /// <summary>Checks that what a holder keeps is of the pinned identity, or of one that succeeds it.</summary>
    /// <param name="what">A share or a wrap.</param>
    /// <param name="pin">The pinned identity.</param>
    /// <param name="shown">The identity that it names.</param>
    /// <param name="successions">What came with it.</param>
    /// <param name="cluster">This installation.</param>
    /// <param name="customer">The customer.</param>
    /// <exception cref="CommandException">It is of another identity, or the succession was broken off.</exception>
    public static void Require(
        string what, Digest pin, Digest shown, IReadOnlyList<SignedModel>? successions, Name cluster, Name customer)
    {
        switch (SuccessionChain.Follow(pin, shown, [.. (successions ?? []).Select(static s => s.ToSigned())], cluster, customer))
        {
            case SuccessionOutcome.Same or SuccessionOutcome.Followed:
                return;
            case SuccessionOutcome.Broken:
                throw Broken(customer, shown);
            default:
                throw CommandException.Unverified(
                    "identity-not-pinned", $"the {what} is of identity {shown}, pinned is {pin}",
                    $"an older enrolment's {what}, or somebody else's: compare fingerprints by voice");
        }
    }
}
