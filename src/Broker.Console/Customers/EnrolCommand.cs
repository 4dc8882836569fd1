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
    string Customer, string Node, string Incarnation, string RootFingerprint, string IdentityFingerprint, IReadOnlyList<string> Shares);

/// <summary><c>brokerctl customer enrol</c>.</summary>
internal static class EnrolCommand
{
    private static readonly TimeSpan PlanLife = TimeSpan.FromMinutes(5);

    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var custodians = NamedKeys("--custodian", "A custodian and the public key that the share is sealed to; 2 to 16 of them");
        var administrators = NamedKeys("--administrator", "A first administrator and the public key that signs; at least one");
        var threshold = GlobalOptions.Range(
            new("--threshold") { Description = "Custodians who together unlock, 2 to 16", Required = true }, 2, 16);
        var required = GlobalOptions.Range(
            new("--administrators-required") { Description = "Signatures on what is grave, 1 or 2", DefaultValueFactory = static _ => 1 },
            1, 2);
        var oneWay = new Option<bool>("--one-way-only")
        {
            Description = "I understand: shares are the only way of custody, and who loses them has lost the data",
        };
        var directory = new Option<string?>("--shares-directory")
        {
            Description = "Where share files are written; else in the profile",
            HelpName = "DIR",
        };
        var node = Parsing.NameOption("--node", "The node that is to make the secret; else whichever answers");
        var again = new Option<bool>("--again") { Description = "Replaces the pin of an enrolment that was never confirmed" };
        return new Command("enrol", """
            Enrols a customer: a node makes its secret, splits it, seals the shares to the custodians; its identity is pinned here

            Needs a console certificate with the attribute enrol. Afterwards every custodian confirms.

            Example:
              brokerctl customer enrol acme --threshold 2 --custodian carol=carol.pub --custodian dave=dave.pub \
                --custodian erin=erin.pub --administrator alice=alice.pub --one-way-only --shares-directory shares
            """).With(name, custodians, threshold, administrators, required, oneWay, directory, node, again).Runs(host, context =>
        {
            if (!context.Get(oneWay))
            {
                throw CommandException.Usage(
                    "there is only one way of custody, shares: whoever loses too many of them has lost the data",
                    "add --one-way-only if you understand that");
            }

            var plan = new EnrolmentPlan(
                context.Profile.Trust.Cluster, context.Get(name), default,
                [CustodyWay.OfShares((uint)context.Get(threshold), Read(context.Get(custodians)!, "--custodian"))], OneWayOnly: true,
                Read(context.Get(administrators)!, "--administrator"), (uint)context.Get(required), context.Now + PlanLife);
            return RunAsync(context, plan, context.Get(directory), context.Get(node), context.Get(again));
        });
    }

    private static async Task<int> RunAsync(CommandContext context, EnrolmentPlan draft, string? directory, Name? named, bool again)
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
        var shares = WriteShares(record, answer, directory ?? files.Shares, again);
        files.WritePin(context.Profile.Trust.Fingerprint, record.Identity.Fingerprint);
        var result = new EnrolResult(
            plan.Customer.Value, incarnation.Node.Value, incarnation.Key.Fingerprint.ToString(),
            context.Profile.Trust.Fingerprint.ToString(),
            record.Identity.Fingerprint.ToString(), shares);
        context.Print(result, ConsoleJson.Default.EnrolResult, o =>
        {
            o.WriteLine($"enrolling {result.Customer} on node {result.Node}, incarnation {result.Incarnation}");
            o.WriteLine($"root      {result.RootFingerprint}");
            o.WriteLine($"identity  {result.IdentityFingerprint}");
            foreach (var share in shares)
                o.WriteLine($"share     {share}");
            o.WriteLine("next: give each custodian their file; each runs brokerctl customer confirm, while this node runs");
        });
        return ExitCode.Ok;
    }

    private static List<string> WriteShares(CustodyRecord record, EnrolledModel answer, string directory, bool again)
    {
        Files.MakeDirectory(Path.GetDirectoryName(Path.GetFullPath(directory))!);
        Files.MakeDirectory(directory);
        var written = new List<string>();
        foreach (var share in answer.Shares)
        {
            var path = Path.Combine(directory, $"{share.Custodian}.share");
            var bytes = Files.ToJson(ShareFile.Of(record, share.Index, share.Sealed), ConsoleJson.Default.ShareFile);
            if (again)
                Files.Replace(path, bytes);
            else
                Files.Create(path, bytes);
            written.Add(path);
        }

        return written;
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

    private static Option<string[]> NamedKeys(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "NAME=FILE.pub",
        Required = true,
    };

    private static List<NamedKey> Read(string[] values, string option)
    {
        var keys = new List<NamedKey>();
        foreach (var value in values)
        {
            var parts = value.Split('=', 2);
            if (parts.Length != 2)
                throw CommandException.Usage($"{option} is NAME=FILE.pub, not '{value}'");
            keys.Add(new NamedKey(Parsing.Name(parts[0], option), KeyFiles.ReadPublic(parts[1])));
        }

        return keys;
    }
}
