using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Console.Customers;

/// <summary>Result of <c>customer verify-custody</c>.</summary>
internal sealed record ProvenResult(string Customer, string Way, uint Index, string Holder, string Node);

/// <summary>
/// <c>brokerctl customer verify-custody</c>: a holder shows that a way is still there, by answering a challenge. Nothing is unlocked. The
/// node verifies and enters it in the audit trail; this console verifies against the identity that it pinned.
/// </summary>
internal static class VerifyCustodyCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var holder = new HolderOptions();
        var token = Parsing.NameOption("--hsm-way", "Has the node's own token answer for this way");
        var node = Parsing.NameOption("--node", "The node to prove it to; else whichever answers");
        var command = new Command("verify-custody", """
            Proves a way of custody by answering a challenge with a key that follows from the share or wrap; unlocks nothing

            Works while the customer is locked. A share or wrap from before a change of custody proves nothing any more.

            Examples:
              brokerctl customer verify-custody acme --share shares/carol.share --custodian carol
              brokerctl customer verify-custody acme --wrap safe.wrap --key safe
              brokerctl customer verify-custody acme --hsm-way vault
            """).With(name, token, node);
        return holder.AddTo(command).Runs(
            host, context => RunAsync(context, context.Get(name), holder, context.Get(token), context.Get(node)));
    }

    private static async Task<int> RunAsync(CommandContext context, Name customer, HolderOptions holder, Name? token, Name? node)
    {
        if (token is not null == holder.IsGiven(context))
            throw CommandException.Usage("name one of --share, --wrap and --hsm-way");
        var pin = holder.Pin(context, customer);
        var incarnation = await NodeCheck.LoadAsync(context, node);
        using var kept = token is null ? holder.Open(context, customer) : null;
        var way = kept?.Way ?? token!.Value;
        var asked = await context.Gateway.PostAsync(
            GatewayClient.Of(customer, "/custody-challenges"), new WayModel(way.Value), ApiJson.Default.WayModel,
            ApiJson.Default.ChallengeModel);
        var record = PinnedCustomer.Verify(asked.Custody, context.Profile.Trust.Cluster, customer, pin);
        var challenge = Read(asked.Challenge, record, way, incarnation);
        var answer = kept is null ? null : Answer(kept, record, challenge);
        var proven = await context.Gateway.PostAsync(
            GatewayClient.Of(customer, "/custody-proofs"), new ProofModel(asked.Challenge, kept?.Index ?? 0, answer),
            ApiJson.Default.ProofModel, ApiJson.Default.ProvenModel);
        var shown = kept?.Index ?? 0;
        var place = shown == 0 ? 0 : (int)shown - 1;
        var made = record.Find(way)!;
        if (place >= made.Proofs.Count || !made.Proofs[place].Verify(asked.Challenge, answer ?? proven.Answer))
            throw CommandException.Unverified("proof-wrong", "the answer is not by the key that the custody record names for it");
        var result = new ProvenResult(customer.Value, way.Value, shown, made.Way.Holders[place].Name.Value, incarnation.Node.Value);
        context.Print(result, ConsoleJson.Default.ProvenResult, o => o.WriteLine(
            $"proven: way {way}{(shown == 0 ? "" : $", share {shown}")} of {customer}: {result.Holder} has it; nothing was unlocked"));
        return ExitCode.Ok;
    }

    private static CustodyChallenge Read(byte[] encoding, CustodyRecord record, Name way, Incarnation incarnation)
    {
        try
        {
            var challenge = Statement.Read<CustodyChallenge>(encoding);
            if (challenge.Cluster == record.Cluster && challenge.Customer == record.Customer && challenge.Epoch == record.Epoch &&
                challenge.Way == way && challenge.Incarnation == incarnation.Key.Fingerprint && record.Find(way) is not null)
            {
                return challenge;
            }
        }
        catch (MalformedException)
        {
            // Said below.
        }

        throw CommandException.Unverified(
            "challenge-of-another", "the challenge is for another node, customer, epoch or way than was asked for");
    }

    private static byte[] Answer(OpenedWay kept, CustodyRecord record, CustodyChallenge challenge) =>
        kept.Epoch == record.Epoch && record.Find(kept.Way)?.Split == kept.Split && kept.Prove(challenge) is { } answer
            ? answer
            : throw new CommandException(
                ExitCode.Refused, "way-superseded", $"custody was changed since this was made: it is no way of {record.Customer} any more",
                "use the file that came with the change");
}
