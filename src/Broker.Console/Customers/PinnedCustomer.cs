using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>A customer as the broker shows it, believed because its custody record is signed by the identity that was pinned.</summary>
/// <param name="Name">The customer.</param>
/// <param name="Model">What the broker said.</param>
/// <param name="Custody">The custody record.</param>
/// <param name="Seen">The highest head that this console had seen when the customer was loaded.</param>
internal sealed record PinnedCustomer(Name Name, CustomerModel Model, CustodyRecord Custody, SignedModel? Seen)
{
    /// <summary>Asks the broker and verifies.</summary>
    /// <exception cref="CommandException">Nothing is pinned, or the record is not by the pinned identity.</exception>
    public static async Task<PinnedCustomer> LoadAsync(CommandContext context, Name customer)
    {
        var trust = context.Profile.Trust;
        var pin = context.Profile.Customer(customer).Pin(trust.Fingerprint) ?? throw CommandException.Usage(
            $"the identity of {customer} is not pinned in this profile",
            "brokerctl user accept FILE, with an invitation that an administrator made");
        var model = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        if (model.Custody is null)
            throw new CommandException(ExitCode.Refused, "not-enrolled", $"the customer is {model.State}; it has no custody record yet");
        pin = PinSuccession.Follow(context, customer, model, pin);
        return new PinnedCustomer(
            customer, model, Verify(model.Custody, trust.Cluster, customer, pin), context.Profile.Customer(customer).Head());
    }

    /// <summary>Verifies a custody record against the pin.</summary>
    public static CustodyRecord Verify(SignedModel signed, Name cluster, Name customer, Digest pin)
    {
        CustodyRecord record;
        try
        {
            record = signed.ToSigned().Read<CustodyRecord>();
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("custody-forged", "what the broker shows is not a custody record");
        }

        if (record.Identity.Fingerprint != pin)
        {
            throw CommandException.Unverified(
                "identity-not-pinned", $"the broker shows another identity, {record.Identity.Fingerprint}, than the pinned {pin}",
                "do not go on: ask an administrator of the customer by voice");
        }

        return signed.ToSigned().IsBy(record.Identity) && record.Cluster == cluster && record.Customer == customer
            ? record
            : throw CommandException.Unverified("custody-forged", "the custody record is not signed by the identity that it names");
    }

    /// <summary>Verifies a head that followed a change and keeps it as this console's witness.</summary>
    /// <exception cref="CommandException">It is not by the identity, or behind a head that was seen.</exception>
    public CustomerHead Witness(CommandContext context, SignedModel signed)
    {
        var files = context.Profile.Customer(Name);
        var head = ReadHead(signed);
        // Against what was seen before the change was asked for: another brokerctl of this profile may have gone on meanwhile.
        if (Seen is { } last && !last.Statement.AsSpan().SequenceEqual(signed.Statement) && ReadHead(last) is var seen &&
            head.Counter <= seen.Counter)
        {
            throw CommandException.Unverified(
                "head-rolled-back", $"the broker answered with head {head.Counter}, but {seen.Counter} was seen before",
                "the database was set back, or two nodes write: stop and look at the audit trail");
        }

        if (files.Head() is not { } now || ReadHead(now).Counter < head.Counter)
            files.WriteHead(signed);
        return head;
    }

    /// <summary>Reads a head and verifies that this customer's identity signed it.</summary>
    public CustomerHead ReadHead(SignedModel signed)
    {
        try
        {
            if (signed.ToSigned().IsBy(Custody.Identity) && signed.ToSigned().Read<CustomerHead>() is var head && head.Customer == Name &&
                head.Cluster == Custody.Cluster)
            {
                return head;
            }
        }
        catch (MalformedException)
        {
            // Said below.
        }

        throw CommandException.Unverified("head-forged", "the head is not signed by the customer's identity");
    }
}
