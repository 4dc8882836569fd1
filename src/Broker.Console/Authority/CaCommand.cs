using System.CommandLine;
using Broker.Console.Cli;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Authority;

/// <summary>The verbs <c>brokerctl ca …</c>.</summary>
public static class CaCommand
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
    public static Command Create() =>
        new("ca", "Makes the installation's certificates, offline.") { Init(), IssueCommand.Create(Directory, PassphraseFile), Show() };

    internal static Passphrase ReadPassphrase(ParseResult parsed, bool isNew) => parsed.GetValue(PassphraseFile) is { } path
        ? Passphrase.FromFile(path)
        : Passphrase.Ask(parsed.InvocationConfiguration.Error, isNew);

    internal static Name ReadName(string text) => Name.TryParse(text, out var name)
        ? name
        : throw new CommandException("a name is 1 to 63 of a-z, 0-9 and -; choose another by --name");

    private static Command Init()
    {
        var name = new Option<string>("--name") { Description = "What people call the installation, for instance production.", Required = true };
        var command = new Command("init", "Makes a new installation: its id, its root key (sealed to a passphrase) and root certificate.\n\n" +
            "Example: brokerctl ca init --directory ./ca --name production")
        {
            Directory, name, PassphraseFile,
        };
        command.SetAction(parsed => OutputFormat.Run(parsed, () =>
        {
            var directory = parsed.GetRequiredValue(Directory);
            var trust = CertificateAuthority.Init(
                directory, ReadName(parsed.GetRequiredValue(name)), () => ReadPassphrase(parsed, isNew: true), TimeProvider.System);
            WriteRoot(parsed, trust, directory);
        }));
        return command;
    }

    private static Command Show()
    {
        var command = new Command("show", "Shows the root certificate: compare the fingerprint by voice.\n\nExample: brokerctl ca show --directory ./ca")
        {
            Directory,
        };
        command.SetAction(parsed => OutputFormat.Run(parsed, () =>
        {
            var directory = parsed.GetRequiredValue(Directory);
            WriteRoot(parsed, LinkTrust.Load(CertificateAuthority.CertificatePath(directory)), directory);
        }));
        return command;
    }

    private static void WriteRoot(ParseResult parsed, LinkTrust trust, string directory) => OutputFormat.Write(
        parsed,
        ("cluster", trust.Cluster.Value),
        ("root certificate", CertificateAuthority.CertificatePath(directory)),
        ("root fingerprint", trust.Fingerprint.ToString()),
        ("not after", Date(trust.Root.NotAfter)));

    internal static string Date(DateTime date) => date.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
}
