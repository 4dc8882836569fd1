using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Console.Customers;

/// <summary><c>brokerctl customer unlock</c>: a custodian gives a share to one verified start of a node.</summary>
internal static class UnlockCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var custodian = new CustodianOptions();
        var accept = new Option<ulong?>("--accept-head")
        {
            Description = "I accept the head with this counter although no witness proves that it is the newest",
            HelpName = "COUNTER",
        };
        var node = Parsing.NameOption("--node", "The node to unlock on; else whichever answers");
        var command = new Command("unlock", """
            Gives a share, sealed to the node's verified incarnation; with the last share that is needed the customer unlocks

            Examples:
              brokerctl customer unlock acme --share shares/carol.share --custodian carol
              brokerctl customer unlock acme --share shares/dave.share --custodian dave --accept-head 17
            """).With(name, accept, node);
        return custodian.AddTo(command).Runs(
            host, context => RunAsync(context, context.Get(name), custodian, context.Get(accept), context.Get(node)));
    }

    private static async Task<int> RunAsync(CommandContext context, Name customer, CustodianOptions custodian, ulong? accept, Name? node)
    {
        var incarnation = await NodeCheck.LoadAsync(context, node);
        ShareModel body;
        using (var share = custodian.Open(context, customer))
            body = await SealAsync(context, customer, share, incarnation, accept);
        var model = await context.Gateway.PostAsync(
            GatewayClient.Of(customer, "/shares"), body, ApiJson.Default.ShareModel, ApiJson.Default.CustomerModel);
        // A share that the node no longer lists has been combined with the others, and the node is on its way.
        if (model.State == "unlocking" && !model.Given.Contains($"shares/{body.Index}"))
            model = await CustomerWaiting.UntilSettledAsync(context, customer, model, "unlocking");
        context.Print(model, ApiJson.Default.CustomerModel, o => CustomerText.Write(o, model));
        return model.State switch
        {
            "unlocked" => ExitCode.Ok,
            "lift-needed" => throw new CommandException(
                ExitCode.Locked, "lift-needed", "the shares were good, but a lock stands", Problems.Hint("lift-needed")),
            // While further shares are awaited the last failure is that of an attempt before this one.
            "locked" when model.LastFailure == "freshness-unproven" => throw Unproven(model),
            "locked" when model.LastFailure is { } failure => throw new CommandException(
                ExitCode.Refused, failure, "the customer was not unlocked; all custodians give their shares again"),
            _ => ExitCode.Ok,
        };
    }

    private static async Task<ShareModel> SealAsync(
        CommandContext context, Name customer, ShareRecord share, Incarnation incarnation, ulong? accept)
    {
        var (counter, root) = (0UL, Digest.Zero);
        if (accept is { } wanted)
        {
            var model = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
            var head = ReadHead(model.Head, share.Identity, customer);
            if (head.Counter != wanted)
            {
                throw CommandException.Unverified(
                    "head-unknown", $"the zone's head is {head.Counter}, not {wanted}",
                    "custodians agree on the counter by voice before they accept it");
            }

            (counter, root) = (head.Counter, head.Root);
            context.Note($"accepting head {counter} with root {root}");
        }

        return new ShareModel(
            share.Epoch, share.Split.ToString(), share.Index,
            share.SealForUnlock(incarnation.Key, CustodyInfo.AcceptedHead(counter, root), context.Host.Random),
            counter, root.ToString(), context.Profile.Customer(customer).Head());
    }

    private static CustomerHead ReadHead(SignedModel? signed, PublicKey identity, Name customer)
    {
        try
        {
            if (signed?.ToSigned() is { } statement && statement.IsBy(identity) && statement.Read<CustomerHead>() is var head &&
                head.Customer == customer)
            {
                return head;
            }
        }
        catch (MalformedException)
        {
            // Said below.
        }

        throw CommandException.Unverified("head-forged", "the zone's head is not signed by the customer's identity");
    }

    private static CommandException Unproven(CustomerModel model)
    {
        var counter = model.Head is { } head ? head.ToSigned().Read<CustomerHead>().Counter : 0;
        return new CommandException(
            ExitCode.Locked, "freshness-unproven", $"no witness proves that the zone's head, {counter}, is the newest",
            $"unlock from a console that made the last change; or all custodians agree by voice and add --accept-head {counter}");
    }
}
