using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Keys;

/// <summary>Result of <c>key new</c> and <c>key show</c>.</summary>
internal sealed record KeyResult(string Kind, string Name, string Fingerprint, string PublicFile);

/// <summary><c>brokerctl key</c>: keys of users and custodians on this machine.</summary>
internal static class KeyCommand
{
    public static Command Create(ConsoleHost host) => new Command("key", "Makes and shows signing keys of users and keys of custodians")
        .With(Verb(host, isNew: true), Verb(host, isNew: false));

    private static Command Verb(ConsoleHost host, bool isNew)
    {
        var kind = new Argument<string>("kind") { Description = "user or custodian" };
        kind.AcceptOnlyFromAmong("user", "custodian");
        var name = Parsing.NameOption("--name", "Whose key it is", required: true);
        var command = isNew
            ? new Command("new", """
                Makes a P-256 key in the profile, mode 0600, and its public half beside it

                Examples:
                  brokerctl key new user --name alice
                  brokerctl key new custodian --name carol
                """)
            : new Command("show", """
                Prints the fingerprint of a key and where its public half is

                Example:
                  brokerctl key show user --name alice
                """);
        return command.With(kind, name).Runs(host, context => Run(context, isNew, context.Get(kind), context.Need(name)));
    }

    private static int Run(CommandContext context, bool isNew, string kind, Name name)
    {
        var path = kind == "user" ? context.Profile.UserKey(name) : context.Profile.CustodianKey(name);
        PublicKey key;
        if (isNew)
        {
            Files.MakeDirectory(context.Profile.Directory);
            key = KeyFiles.Generate(path, context.Host.Random);
        }
        else
        {
            key = KeyFiles.ReadPublic(KeyFiles.PublicPath(path));
        }

        var result = new KeyResult(kind, name.Value, key.Fingerprint.ToString(), KeyFiles.PublicPath(path));
        context.Print(result, ConsoleJson.Default.KeyResult, o =>
        {
            o.WriteLine($"{kind} {name}");
            o.WriteLine($"fingerprint  {result.Fingerprint}");
            o.WriteLine($"public key   {result.PublicFile}");
        });
        return ExitCode.Ok;
    }
}
