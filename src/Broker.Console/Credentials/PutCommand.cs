using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Console.Credentials;

/// <summary><c>brokerctl credential put</c>: read into locked memory, sealed to the customer's intake key, only then sent.</summary>
internal static class PutCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The credential");
        var customer = Parsing.Customer();
        var kind = new Option<string>("--kind") { Description = "What it is", Required = true };
        kind.AcceptOnlyFromAmong([.. CredentialKinds.All.Select(static k => k.Text)]);
        var policy = Parsing.NameOption("--policy", "The release policy; else the one that it has, or brokered-only: no agent receives it");
        var file = Parsing.FileOption("--file", "What to store; - or nothing is standard input");
        var replaces = new Option<uint?>("--replaces")
        {
            Description = "The version that it replaces, 0 for a new one; else looked up",
            HelpName = "VERSION",
        };
        var stage = new Option<bool>("--stage")
        {
            Description = "As the next version, which nobody gets yet: see credential stage and credential promote",
        };
        var options = new EffectOptions();
        return options.AddTo(new Command("put", """
            Stores a new version of a credential of at most 1 MiB

            The bytes are stored as they come, the line end included: use printf, not echo. They are read into locked memory and sealed
            to the customer's key before anything is sent. Without --stage the version is current at once and the one before retired.

            Examples:
              printf %s "$PASSWORD" | brokerctl credential put web-password --customer acme --kind password --policy web
              brokerctl credential put tls-key --customer acme --kind key-pair --policy web --file server.key
              brokerctl credential put tls-key --customer acme --kind key-pair --stage --file next.key
            """).With(name, customer, kind, policy, file, replaces, stage)).Runs(host, async context =>
        {
            var asked = new Asked(context.Need(customer), context.Get(name), CredentialKinds.Parse(context.Get(kind)!));
            using var secret = Read(context, context.Get(file));
            var (known, version) = context.Get(replaces) is { } given && context.Get(policy) is { } named
                ? (named, given)
                : await LookUpAsync(context, asked, context.Get(policy), context.Get(replaces));
            var pinned = await PinnedCustomer.LoadAsync(context, asked.Customer);
            return await Effect.RunAsync(
                context, options, asked.Customer, context.Get(stage) ? UserAction.PutNextVersion : UserAction.PutCredential, draft =>
                    Seal(context, pinned, asked, known, version, draft, secret));
        });
    }

    private static SecretBuffer Read(CommandContext context, string? file)
    {
        if (file is not (null or "-"))
            return SecretInput.ReadFile(file, CredentialKinds.MaxLength);
        if (context.Host.InputIsTerminal)
            throw CommandException.Usage("a terminal would show the secret", "pass it by a pipe, or name a file with --file");
        using var input = context.Host.StandardInput();
        return SecretInput.ReadToEnd(input, CredentialKinds.MaxLength);
    }

    private static async Task<(Name Policy, uint Version)> LookUpAsync(
        CommandContext context, Asked asked, Name? policy, uint? replaces)
    {
        var old = await Stored.FindAsync(context, asked.Customer, asked.Credential);
        return old is null
            ? (policy ?? ReleasePolicy.Default, replaces ?? 0)
            : (policy ?? Parsing.Name(old.Policy, "policy"), replaces ?? Stored.Latest(old));
    }

    private static (byte[] Payload, byte[]? Upload) Seal(
        CommandContext context, PinnedCustomer pinned, Asked asked, Name policy, uint replaces, RequestDraft draft, SecretBuffer secret)
    {
        var custody = pinned.Custody;
        var upload = Hpke.Seal(
            custody.Intake.Bytes.Span,
            PutCredentialPayload.Info(custody.Cluster, custody.Customer, custody.Epoch, custody.Intake),
            PutCredentialPayload.AssociatedData(asked.Credential, asked.Kind, policy, replaces, draft.User, draft.Key),
            secret.Span,
            context.Host.Random);
        // The copy that is left is the sealed one.
        secret.Dispose();
        return (new PutCredentialPayload(asked.Credential, asked.Kind, policy, replaces, Digest.Of(upload)).Encode(), upload);
    }

    private sealed record Asked(Name Customer, Name Credential, CredentialKind Kind);
}
