using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>
/// <c>brokerctl customer unlock</c>: a holder gives a share or a wrap to one verified start of a node, or has the node ask its token.
/// </summary>
internal static class UnlockCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var holder = new HolderOptions();
        var token = Parsing.NameOption("--hsm-way", "Has the node open this way in its own token, as after a lock");
        var accept = new Option<ulong?>("--accept-head")
        {
            Description = "I accept the head with this counter although no witness proves that it is the newest",
            HelpName = "COUNTER",
        };
        var node = Parsing.NameOption("--node", "The node to unlock on; else whichever answers");
        var command = new Command("unlock", """
            Gives a share or a wrap, sealed to the node's verified incarnation, or has the node's token open its wrap

            With the last share that is needed, or with any other way alone, the customer unlocks.

            Examples:
              brokerctl customer unlock acme --share shares/carol.share --custodian carol
              brokerctl customer unlock acme --share shares/dave.share --custodian dave --accept-head 17
              brokerctl customer unlock acme --wrap safe.wrap --key safe
              brokerctl customer unlock acme --hsm-way vault
            """).With(name, token, accept, node);
        return holder.AddTo(command).Runs(
            host, context => RunAsync(context, context.Get(name), holder, context.Get(token), context.Get(accept), context.Get(node)));
    }

    private static async Task<int> RunAsync(
        CommandContext context, Name customer, HolderOptions holder, Name? token, ulong? accept, Name? node)
    {
        if (token is not null && (holder.IsGiven(context) || accept is not null))
        {
            throw CommandException.Usage(
                "--hsm-way goes with neither --share nor --wrap nor --accept-head", "what a token opens accepts no head: people do");
        }

        var incarnation = await NodeCheck.LoadAsync(context, node);
        var model = token is { } way
            ? await context.Gateway.PostAsync(
                GatewayClient.Of(customer, "/unlock"), new WayModel(way.Value), ApiJson.Default.WayModel, ApiJson.Default.CustomerModel)
            : await GiveAsync(context, customer, holder, incarnation, accept);
        if (token is not null)
            model = await CustomerWaiting.UntilSettledAsync(context, customer, model, "unlocking");
        context.Print(model, ApiJson.Default.CustomerModel, o => CustomerText.Write(o, model));
        return model.State switch
        {
            "unlocked" => ExitCode.Ok,
            "lift-needed" => throw new CommandException(
                ExitCode.Locked, "lift-needed", "what was given is good, but a lock stands", Problems.Hint("lift-needed")),
            // While further shares are awaited the last failure is that of an attempt before this one.
            "locked" when model.LastFailure == "freshness-unproven" => throw Unproven(model),
            "locked" when model.LastFailure is { } failure => throw new CommandException(
                ExitCode.Refused, failure, "the customer was not unlocked; all custodians give their shares again"),
            _ => ExitCode.Ok,
        };
    }

    private static async Task<CustomerModel> GiveAsync(
        CommandContext context, Name customer, HolderOptions holder, Incarnation incarnation, ulong? accept)
    {
        using var kept = holder.Open(context, customer);
        var (counter, root) = accept is { } wanted ? await AcceptAsync(context, customer, kept.Identity, wanted) : (0UL, Digest.Zero);
        var model = await kept.GiveAsync(context, customer, incarnation.Key, counter, root);
        // A share that the node no longer lists has been combined with the others, and the node is on its way.
        return model.State == "unlocking" && !model.Given.Contains(kept.Given)
            ? await CustomerWaiting.UntilSettledAsync(context, customer, model, "unlocking")
            : model;
    }

    private static async Task<(ulong Counter, Digest Root)> AcceptAsync(
        CommandContext context, Name customer, PublicKey identity, ulong wanted)
    {
        var model = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        var head = ReadHead(model.Head, identity, customer);
        if (head.Counter != wanted)
        {
            throw CommandException.Unverified(
                "head-unknown", $"the zone's head is {head.Counter}, not {wanted}",
                "custodians agree on the counter by voice before they accept it");
        }

        context.Note($"accepting head {head.Counter} with root {head.Root}");
        return (head.Counter, head.Root);
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
            $"unlock from a console that made the last change; or all holders agree by voice and add --accept-head {counter}");
    }
}
