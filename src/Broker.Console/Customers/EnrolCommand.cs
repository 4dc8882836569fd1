using System.CommandLine;
using Broker.Console.Keys;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>Result of <c>customer enrol</c>.</summary>
internal sealed record EnrolResult(
    string Customer, string Node, string Incarnation, string RootFingerprint, string IdentityFingerprint, IReadOnlyList<string> Shares,
    IReadOnlyList<string> Wraps, IReadOnlyList<string> Ways);

/// <summary><c>brokerctl customer enrol</c>.</summary>
internal static class EnrolCommand
{
    private static readonly TimeSpan PlanLife = TimeSpan.FromMinutes(5);

    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var ways = new WayOptions();
        var administrators = NamedKeyOption.Create("--administrator", "A first administrator and the public key that signs; at least one");
        administrators.Required = true;
        var required = GlobalOptions.Range(
            new("--administrators-required") { Description = "Signatures on what is grave, 1 or 2", DefaultValueFactory = static _ => 1 },
            1, 2);
        var directory = new Option<string?>("--shares-directory")
        {
            Description = "Where share and wrap files are written; else in the profile",
            HelpName = "DIR",
        };
        var node = Parsing.NameOption("--node", "The node that is to make the secret; else whichever answers");
        var again = new Option<bool>("--again") { Description = "Replaces the pin of an enrolment that was never confirmed" };
        var command = new Command("enrol", """
            Enrols a customer: a node makes its secret and keeps it by several ways of custody; its identity is pinned here

            Each way unlocks alone: shares of custodians, a wrap sealed to a key of the customer, a wrap in a token of the node. Two at
            least, unless --one-way-only. Needs a console certificate with the attribute enrol. Afterwards every holder confirms.

            Examples:
              brokerctl customer enrol acme --threshold 2 --custodian carol=carol.pub --custodian dave=dave.pub \
                --custodian erin=erin.pub --key-way safe=safe.pub --administrator alice=alice.pub --shares-directory shares
              brokerctl customer enrol acme --hsm-way vault --key-way safe=safe.pub --administrator alice=alice.pub
            """).With(name);
        return ways.AddTo(command).With(administrators, required, directory, node, again).Runs(host, async context =>
        {
            // What is wrong with the command line is said before anybody is asked.
            var known = ways.NameTokens(context) ? await NodeCheck.LoadWithWaysAsync(context, context.Get(node)) : default;
            var (all, oneWayOnly) = ways.Read(context, known.HsmWays ?? []);
            var draft = new EnrolmentPlan(
                context.Profile.Trust.Cluster, context.Get(name), default, all, oneWayOnly,
                NamedKeyOption.Read(context.Get(administrators), "--administrator"), (uint)context.Get(required), context.Now + PlanLife);
            return await RunAsync(context, draft, context.Get(node), context.Get(directory), context.Get(again));
        });
    }

    private static async Task<int> RunAsync(
        CommandContext context, EnrolmentPlan draft, Name? named, string? directory, bool again)
    {
        Validate(draft);
        var files = context.Profile.Customer(draft.Customer);
        if (!again && files.Pin(context.Profile.Trust.Fingerprint) is not null)
        {
            throw CommandException.Usage(
                $"{draft.Customer} is pinned here already", "if that enrolment was never confirmed, begin again with --again");
        }

        var incarnation = await NodeCheck.LoadAsync(context, named);
        var plan = draft with { Incarnation = incarnation.Key.Fingerprint };
        var statement = plan.Encode();
        var key = context.Profile.Key;
        var answer = await context.Gateway.PostAsync(
            ApiRoutes.V1 + "/customers",
            new EnrolModel(new SignedModel(statement, key.Sign(statement)), [.. key.ChainDer.Select(static c => c.ToArray())]),
            ApiJson.Default.EnrolModel, ApiJson.Default.EnrolledModel);
        var record = EnrolmentCheck.Verify(plan, statement, answer);
        var (shares, wraps) = CustodyFiles.Write(record, answer, directory ?? files.Shares, again);
        files.WritePin(context.Profile.Trust.Fingerprint, record.Identity.Fingerprint);
        var result = new EnrolResult(
            plan.Customer.Value, incarnation.Node.Value, incarnation.Key.Fingerprint.ToString(),
            context.Profile.Trust.Fingerprint.ToString(),
            record.Identity.Fingerprint.ToString(), shares, wraps, [.. plan.Ways.Select(WayText.Of)]);
        context.Print(result, ConsoleJson.Default.EnrolResult, o =>
        {
            o.WriteLine($"enrolling {result.Customer} on node {result.Node}, incarnation {result.Incarnation}");
            o.WriteLine($"root      {result.RootFingerprint}");
            o.WriteLine($"identity  {result.IdentityFingerprint}");
            foreach (var way in result.Ways)
                o.WriteLine($"custody   {way}");
            foreach (var share in shares)
                o.WriteLine($"share     {share}");
            foreach (var wrap in wraps)
                o.WriteLine($"wrap      {wrap}");
            if (shares.Count + wraps.Count > 0)
                o.WriteLine("next: give each holder their file; each runs brokerctl customer confirm, while this node runs");
        });
        return ExitCode.Ok;
    }

    private static void Validate(EnrolmentPlan plan)
    {
        try
        {
            plan.Validate();
        }
        catch (MalformedException problem)
        {
            throw CommandException.Usage(problem.Message);
        }
    }
}
