using System.CommandLine;
using System.Text;
using Broker.Console.Shell;
using Broker.Links.Identity;

namespace Broker.Console.Profiles;

/// <summary>Result of <c>init</c>.</summary>
internal sealed record ProfileResult(string Profile, string Cluster, string Console, bool MayEnrol, string RootFingerprint);

/// <summary><c>brokerctl init</c>: makes a profile of the files that <c>brokerctl ca</c> issued.</summary>
internal static class InitCommand
{
    public static Command Create(ConsoleHost host)
    {
        var root = Parsing.FileOption("--root", "The installation's root certificate, root.crt", required: true);
        var certificate = Parsing.FileOption("--certificate", "This console's certificate", required: true);
        var key = Parsing.FileOption("--key", "Its private key, mode 0600", required: true);
        var gateway = new Option<string?>("--gateway") { Description = "The broker, https://host:port", HelpName = "URL", Required = true };
        var enrolment = new Option<string[]>("--enrolment")
        {
            Description = "The broker's enrolment listener for agents, which brokerctl agent invite writes into tokens; up to 16",
            HelpName = "HOST:PORT",
            DefaultValueFactory = static _ => [],
        };
        return new Command("init", """
            Makes a profile: copies certificate, key and root, and writes the configuration; --user becomes its user

            Example:
              brokerctl init --root root.crt --certificate console-ops.crt --key console-ops.key --gateway https://127.0.0.1:7443 \
                --enrolment 127.0.0.1:7445 --user alice
            """).With(root, certificate, key, gateway, enrolment).Runs(host, context => Run(
                context, context.Need(root), context.Need(certificate), context.Need(key), context.Need(gateway), context.Get(enrolment)!));
    }

    private static int Run(
        CommandContext context, string rootPath, string certificatePath, string keyPath, string gateway, string[] enrolment)
    {
        if (!ProfileSettings.TryGateway(gateway, out var address))
            throw CommandException.Usage("--gateway is https://host:port");
        var trust = LinkTrust.Load(rootPath);
        using var key = InstallationKey.Load(certificatePath, keyPath, trust);
        if (key.Identity.Role != LinkRole.Console)
            throw CommandException.Usage("the certificate is not a console's", "brokerctl ca issue console NAME");
        var directory = context.Profile.Directory;
        Files.MakeDirectory(directory);
        foreach (var name in new[] { "users", "custodians", "customers" })
            Files.MakeDirectory(Path.Combine(directory, name));
        var config = new StringBuilder("broker.console {\n")
            .Append("  # the broker\n  gateway = \"").Append(address!.GetLeftPart(UriPartial.Authority)).Append("\"\n");
        if (context.Get(GlobalOptions.User) is { } user)
            config.Append("  # who signs where no --user is given\n  user = ").Append(user.Value).Append('\n');
        if (ProfileSettings.CheckAddresses(enrolment).Length > 0)
            config.Append("  # where agents enrol\n  enrolment = [").AppendJoin(", ", enrolment.Select(static a => $"\"{a}\""))
                .Append("]\n");
        config.Append("}\n");
        Files.Create(Path.Combine(directory, "root.crt"), Encoding.ASCII.GetBytes(trust.Root.ExportCertificatePem() + "\n"));
        Files.Create(Path.Combine(directory, "console.crt"), File.ReadAllBytes(certificatePath));
        using (var secret = SecretInput.ReadPrivateFile(keyPath))
            Files.Create(Path.Combine(directory, "console.key"), secret.Span);
        // The last one: a directory where it stands is a profile, with this root and no other.
        Files.Create(Path.Combine(directory, "config"), Encoding.UTF8.GetBytes(config.ToString()));
        var result = new ProfileResult(
            directory, trust.Cluster.Value, key.Identity.Name.Value, key.Identity.MayEnrol, trust.Fingerprint.ToString());
        context.Print(result, ConsoleJson.Default.ProfileResult, o =>
        {
            o.WriteLine($"profile  {result.Profile}");
            o.WriteLine($"cluster  {result.Cluster}");
            o.WriteLine($"console  {result.Console}{(result.MayEnrol ? ", may enrol customers" : "")}");
            o.WriteLine($"root     {result.RootFingerprint}");
        });
        return ExitCode.Ok;
    }
}
