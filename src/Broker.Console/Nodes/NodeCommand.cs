using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Console.Nodes;

/// <summary><c>brokerctl node</c>: two people vouch for one start of the node that the profile names.</summary>
internal static class NodeCommand
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public static Command Create(ConsoleHost host) => new("node", "Who a node is, and who vouches for it among the others")
    {
        Show(host), Vouch(host), Admit(host), DrainCommand.Create(host),
    };

    private static Command Show(ConsoleHost host) => new Command("show", """
        Verifies and shows who the node is: this start of it, and which binary it says that it runs

        Example:
          brokerctl node show
        """).Runs(host, async context =>
    {
        var model = await context.Gateway.GetAsync(ApiRoutes.V1 + "/node", ApiJson.Default.NodeModel);
        var incarnation = NodeCheck.Verify(model, context.Profile.Trust, null, context.Now);
        context.Print(model, ApiJson.Default.NodeModel, o =>
        {
            o.WriteLine($"node         {incarnation.Node}");
            o.WriteLine($"incarnation  {incarnation.Key.Fingerprint}");
            o.WriteLine($"binary       {incarnation.Binary}");
        });
        return ExitCode.Ok;
    });

    private static Command Vouch(ConsoleHost host)
    {
        var binary = new Option<string>("--binary")
        {
            Description = "SHA-256 of the broker-dmz.dll that was installed there, as sha256sum of your own copy says",
            Required = true,
        };
        var file = new Option<string>("--file") { Description = "The admission; the second person adds to it", Required = true };
        return new Command("vouch", """
            Signs, as a person of the cluster's admission list, for this start of the node; good for an hour

            Example:
              brokerctl node vouch --user ann --binary $(sha256sum < broker-dmz.dll | cut -c -64) --file admission.json
            """) { binary, file }.Runs(host, async context =>
        {
            if (!Digest.TryParse(context.Get(binary), out var expected))
                throw CommandException.Usage("--binary is not 64 hexadecimal digits");
            var incarnation = await NodeCheck.LoadAsync(context, null);
            if (incarnation.Binary != expected)
            {
                throw CommandException.Unverified(
                    "admission-wrong-binary", $"node {incarnation.Node} says that it runs {incarnation.Binary}",
                    "find out why, and do not sign");
            }

            var wanted = new NodeAdmission(
                incarnation.Cluster, incarnation.Node, incarnation.Key.Fingerprint, incarnation.Binary, context.Now + Life);
            var path = context.Get(file)!;
            var begun = File.Exists(path) ? Files.ReadJson(path, ApiJson.Default.AdmitNodeModel) : new AdmitNodeModel(wanted.Encode(), []);
            Compare(begun, wanted, context.Now);
            var user = RequestSigner.User(context);
            if (begun.Signatures.Any(s => s?.User == user.Value))
                throw CommandException.Usage($"{user} has signed already", "another person of the admission list signs");
            var signature = RequestSigner.Sign(context, user, begun.Statement);
            var signed = begun with
            {
                Signatures = [.. begun.Signatures, new UserSignatureModel(user.Value, signature.Value.ToArray())],
            };
            Files.Replace(path, Files.ToJson(signed, ApiJson.Default.AdmitNodeModel));
            context.Print(signed, ApiJson.Default.AdmitNodeModel, o => o.WriteLine(
                $"{user} vouches for node {incarnation.Node}: {signed.Signatures.Count} of {NodeAdmission.People} signatures in {path}"));
            return ExitCode.Ok;
        });
    }

    private static Command Admit(ConsoleHost host)
    {
        var file = new Option<string>("--file") { Description = "The admission, signed by two people", Required = true };
        return new Command("admit", """
            Has the node ask the others for their customers; each owner verifies who signed, and answers for its customers

            Example:
              brokerctl node admit --file admission.json
            """) { file }.Runs(host, async context =>
        {
            var admission = Files.ReadJson(context.Get(file)!, ApiJson.Default.AdmitNodeModel);
            var done = await context.Gateway.PostAsync(
                ApiRoutes.V1 + "/node/admission", admission, ApiJson.Default.AdmitNodeModel, ApiJson.Default.AdmittedModel);
            context.Print(done, ApiJson.Default.AdmittedModel, o =>
            {
                foreach (var customer in done.Held)
                    o.WriteLine($"{customer,-20} held");
                foreach (var refused in done.NotHeld)
                    o.WriteLine($"{refused.Customer,-20} not held: {refused.Code}");
            });
            return done.Held.Count > 0 || done.NotHeld.Count == 0
                ? ExitCode.Ok
                : throw new CommandException(ExitCode.Refused, done.NotHeld[0].Code, "no owner handed anything over");
        });
    }

    /// <summary>What the first person signed is what the second would sign: only its end may differ, by the time between them.</summary>
    private static void Compare(AdmitNodeModel begun, NodeAdmission wanted, DateTimeOffset now)
    {
        NodeAdmission named;
        try
        {
            named = Statement.Read<NodeAdmission>(begun.Statement);
        }
        catch (MalformedException)
        {
            throw CommandException.Usage("the file holds no admission");
        }

        if (named with { NotAfter = wanted.NotAfter } != wanted)
        {
            throw CommandException.Unverified(
                "admission-of-another", "the file is for another node, start or binary than the one that answers", "name another file");
        }

        if (named.NotAfter <= now || named.NotAfter > wanted.NotAfter)
            throw CommandException.Unverified("admission-expired", "the admission's time is over, or too far ahead", "name another file");
    }
}
