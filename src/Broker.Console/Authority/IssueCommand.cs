using System.CommandLine;
using Broker.Console.Shell;
using Broker.Links.Identity;

namespace Broker.Console.Authority;

/// <summary>The verbs <c>brokerctl ca issue …</c>.</summary>
internal static class IssueCommand
{
    private const int Year = 365;
    private const int MaxDays = 3650;

    public static Command Create(ConsoleHost host, Option<string> directory, Option<string?> passphraseFile)
    {
        var role = new Option<string>("--role") { Description = "dmz or zone.", Required = true };
        role.AcceptOnlyFromAmong("dmz", "zone");
        var hosts = new Option<string[]>("--host")
        {
            Description = "DNS name or address for clients of other makers; may be repeated.",
            DefaultValueFactory = static _ => [],
        };
        var enrol = new Option<bool>("--enrol") { Description = "May enrol customers." };
        var common = new Common(host, directory, passphraseFile);

        var node = common.Verb("node", "a node of a zone", Year, "--role dmz --name dmz-1", [role, hosts], parsed =>
            new Request(parsed.GetRequiredValue(role) == "dmz" ? LinkRole.Dmz : LinkRole.Zone, false, parsed.GetRequiredValue(hosts)));
        var console = common.Verb(
            "console", "a console: a person's or program's client of the gateway", Year, "--name alice --enrol", [enrol], parsed =>
            new Request(LinkRole.Console, parsed.GetValue(enrol), []));
        var ledger = common.Verb("ledger", "the key that signs ledger blocks on a zone node", Year, "--name ledger-1", [], static _ =>
            new Request(LinkRole.Ledger, false, []));
        var issuer = common.Verb(
            "agent-issuer", "the intermediate by which a dmz node issues agents' certificates", 5 * Year, "--name agents-1", [], static _ =>
            new Request(LinkRole.AgentIssuer, false, []));
        return new Command("issue", "Issues a certificate with a new key.") { node, console, ledger, issuer };
    }

    private sealed record Request(LinkRole Role, bool Enrol, IReadOnlyList<string> Hosts);

    private sealed class Common(ConsoleHost host, Option<string> directory, Option<string?> passphraseFile)
    {
        private readonly Option<string> _name = new("--name")
        {
            Description = "The name in the certificate and of the files.",
            Required = true,
        };
        private readonly Option<string?> _out = new("--out")
        {
            Description = "Directory for NAME.crt and NAME.key; by default the one of the root.",
        };

        public Command Verb(string verb, string what, int days, string example, Option[] options, Func<ParseResult, Request> request)
        {
            var lifetime = new Option<int>("--days")
            {
                Description = $"Days until it expires, 1 to {MaxDays}.",
                DefaultValueFactory = _ => days,
            };
            var command = new Command(
                verb, $"Issues a certificate for {what}.\n\nExample: brokerctl ca issue {verb} --directory ./ca {example}")
            {
                directory, _name, _out, lifetime, passphraseFile,
            };
            foreach (var option in options)
                command.Options.Add(option);
            return command.Runs(host, context => Issue(context, request(context.Parse), context.Get(lifetime)));
        }

        private int Issue(CommandContext context, Request request, int days)
        {
            if (days is < 1 or > MaxDays)
                throw CommandException.Usage($"--days is 1 to {MaxDays}");
            var root = context.Parse.GetRequiredValue(directory);
            var target = context.Get(_out) ?? root;
            var name = CaCommand.ReadName(context.Parse.GetRequiredValue(_name));
            var paths = CertificateAuthority.Paths(name, target);
            NewFiles.MustNotExist(paths.Certificate, paths.Key);
            NewFiles.CreateDirectory(target);
            using var passphrase = CaCommand.ReadPassphrase(context, isNew: false);
            using var authority = CertificateAuthority.Open(root, passphrase, host.Time);
            var id = new SpiffeId(authority.Trust.Cluster, request.Role, null, name, request.Enrol);
            using var certificate = authority.Issue(id, TimeSpan.FromDays(days), request.Hosts, target);
            var result = new IssuedResult(
                id.ToString(), paths.Certificate, paths.Key, CaCommand.Date(certificate.NotAfter), authority.Trust.Fingerprint.ToString());
            context.Print(result, ConsoleJson.Default.IssuedResult, o =>
            {
                o.WriteLine($"identity: {result.Identity}");
                o.WriteLine($"certificate: {result.Certificate}");
                o.WriteLine($"key: {result.Key}");
                o.WriteLine($"not after: {result.NotAfter}");
                o.WriteLine($"root fingerprint: {result.RootFingerprint}");
            });
            return ExitCode.Ok;
        }
    }
}
