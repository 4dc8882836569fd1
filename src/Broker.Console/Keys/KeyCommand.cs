using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Keys;

/// <summary>Result of <c>key new</c> and <c>key show</c>.</summary>
internal sealed record KeyResult(string Kind, string Name, string Fingerprint, string PublicFile);

/// <summary><c>brokerctl key</c>: keys of users and custodians on this machine.</summary>
internal static class KeyCommand
{
    public static Command Create(ConsoleHost host) => new Command("key", "Makes and shows keys of users, custodians and ways of custody")
        .With(Verb(host, isNew: true), Verb(host, isNew: false), WrapsCommand.Create(host));

    private static Command Verb(ConsoleHost host, bool isNew)
    {
        var kind = new Argument<string>("kind") { Description = "user, custodian or way" };
        kind.AcceptOnlyFromAmong("user", "custodian", "way");
        var token = new TokenOptions();
        var name = Parsing.NameOption("--name", "Whose key it is", required: true);
        var command = isNew
            ? new Command("new", """
                Makes a P-256 key in the profile, mode 0600, and its public half beside it

                The key of a way can be made in a token instead, of the customer's or of a node's: then only its public half is here.

                Examples:
                  brokerctl key new user --name alice
                  brokerctl key new custodian --name carol
                  brokerctl key new way --name safe
                  brokerctl key new way --name vault --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --token custody \
                    --key-label vault --pin-file vault.pin
                """)
            : new Command("show", """
                Prints the fingerprint of a key and where its public half is

                Example:
                  brokerctl key show user --name alice
                """);
        command.With(kind, name);
        return (isNew ? token.AddTo(command) : command).Runs(
            host, context => Run(context, isNew, context.Get(kind), context.Need(name), token));
    }

    private static int Run(CommandContext context, bool isNew, string kind, Name name, TokenOptions token)
    {
        var path = kind switch
        {
            "user" => context.Profile.UserKey(name),
            "custodian" => context.Profile.CustodianKey(name),
            _ => context.Profile.WayKey(name),
        };
        var inToken = isNew && token.IsGiven(context);
        if (inToken && kind != "way")
            throw CommandException.Usage("only the key of a way is made in a token");
        PublicKey key;
        if (isNew)
        {
            Files.MakeDirectory(context.Profile.Directory);
            key = inToken ? MakeInToken(context, path, token) : KeyFiles.Generate(path, context.Host.Random);
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

    private static PublicKey MakeInToken(CommandContext context, string path, TokenOptions token)
    {
        using var made = token.Make(context);
        var key = PublicKey.Parse(made.Key.PublicKey);
        KeyFiles.WritePublic(KeyFiles.PublicPath(path), key);
        return key;
    }
}
