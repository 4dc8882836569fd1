using System.CommandLine;
using Broker.Console.Shell;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Authority;

/// <summary>The verbs <c>brokerctl ca …</c>.</summary>
internal static class CaCommand
{
    private static readonly Option<string> Directory = new("--directory", "-d")
    {
        Description = "Directory of the root: root.crt and the sealed root.key. Keep it offline.",
        Required = true,
    };

    private static readonly Option<string?> PassphraseFile = new("--passphrase-file")
    {
        Description = "File with the root key's passphrase in its first line, mode 0600. Without it, the terminal asks.",
    };

    /// <summary>Creates the group.</summary>
    public static Command Create(ConsoleHost host) => new("ca", "Makes the installation's certificates, offline.")
    {
        Init(host), IssueCommand.Create(host, Directory, PassphraseFile), Show(host),
    };

    internal static Passphrase ReadPassphrase(CommandContext context, bool isNew) => context.Get(PassphraseFile) is { } path
        ? Passphrase.FromFile(path)
        : Passphrase.Ask(context.Host.Error, isNew);

    internal static Name ReadName(string text) => Name.TryParse(text, out var name)
        ? name
        : throw CommandException.Usage("a name is 1 to 63 of a-z, 0-9 and -; choose another by --name");

    private static Command Init(ConsoleHost host)
    {
        var name = new Option<string>("--name")
        {
            Description = "What people call the installation, for instance production.",
            Required = true,
        };
        var command = new Command(
            "init", "Makes a new installation: its id, its root key (sealed to a passphrase) and root certificate.\n\n" +
            "Example: brokerctl ca init --directory ./ca --name production")
        {
            Directory, name, PassphraseFile,
        };
        return command.Runs(host, context =>
        {
            var directory = context.Parse.GetRequiredValue(Directory);
            var trust = CertificateAuthority.Init(
                directory, ReadName(context.Parse.GetRequiredValue(name)), () => ReadPassphrase(context, isNew: true), host.Time);
            return Print(context, trust, directory);
        });
    }

    private static Command Show(ConsoleHost host)
    {
        var command = new Command(
            "show", "Shows the root certificate: compare the fingerprint by voice.\n\nExample: brokerctl ca show --directory ./ca")
        {
            Directory,
        };
        return command.Runs(host, context =>
        {
            var directory = context.Parse.GetRequiredValue(Directory);
            return Print(context, LinkTrust.Load(CertificateAuthority.CertificatePath(directory)), directory);
        });
    }

    private static int Print(CommandContext context, LinkTrust trust, string directory)
    {
        var result = new RootResult(
            trust.Cluster.Value, CertificateAuthority.CertificatePath(directory), trust.Fingerprint.ToString(), Date(trust.Root.NotAfter));
        context.Print(result, ConsoleJson.Default.RootResult, o =>
        {
            o.WriteLine($"cluster: {result.Cluster}");
            o.WriteLine($"root certificate: {result.RootCertificate}");
            o.WriteLine($"root fingerprint: {result.RootFingerprint}");
            o.WriteLine($"not after: {result.NotAfter}");
        });
        return ExitCode.Ok;
    }

    internal static string Date(DateTime date) =>
        date.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
}
