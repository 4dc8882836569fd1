using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Keys;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;

namespace Broker.Console.Users;

/// <summary><c>brokerctl user</c>.</summary>
internal static class UserCommand
{
    public static Command Create(ConsoleHost host) => new Command("user", "Adds, lists, removes and invites users of a customer").With(
        Put(host), List(host), Remove(host), InviteCommand.Create(host), AcceptCommand.Create(host));

    private static Command Put(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The user");
        var customer = Parsing.Customer();
        var role = new Option<string>("--role") { Description = "What the user may do", Required = true };
        role.AcceptOnlyFromAmong("administrator", "operator", "monitor", "auditor");
        var key = Parsing.FileOption("--key", "The user's public key, which the user made with brokerctl key new user", required: true);
        var options = new EffectOptions();
        return options.AddTo(new Command("put", """
            Adds a user, or changes role or key; needs as many administrators as the customer requires

            Examples:
              brokerctl user put bob --customer acme --role operator --key bob.pub
              brokerctl user put bob --customer acme --role operator --key bob.pub --co-sign erin
              brokerctl user put bob --customer acme --role operator --key bob.pub --save-request add-bob.json
            """).With(name, customer, role, key)).Runs(host, context =>
        {
            var payload = new PutUserPayload(context.Get(name), Roles.Parse(context.Get(role)!), KeyFiles.ReadPublic(context.Need(key)))
                .Encode();
            return Effect.RunAsync(context, options, context.Need(customer), UserAction.PutUser, _ => (payload, null));
        });
    }

    private static Command List(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        return new Command("list", """
            Lists users with role and key fingerprint

            Example:
              brokerctl user list --customer acme
            """).With(customer).Runs(host, async context =>
        {
            await RequestSigner.LoginAsync(context, context.Need(customer));
            var items = await context.Gateway.ListAsync(
                GatewayClient.Of(context.Need(customer), "/users"), ApiJson.Default.PageModelUserModel);
            context.Print(new PageModel<UserModel>(items, null), ApiJson.Default.PageModelUserModel, o => items.ForEach(u =>
                o.WriteLine($"{u.User,-24} {u.Role,-14} {u.KeyFingerprint}")));
            return ExitCode.Ok;
        });
    }

    private static Command Remove(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The user");
        var customer = Parsing.Customer();
        var options = new EffectOptions();
        return options.AddTo(new Command("remove", """
            Removes a user; needs as many administrators as the customer requires

            Example:
              brokerctl user remove bob --customer acme --co-sign erin
            """).With(name, customer)).Runs(host, context =>
        {
            var payload = new NamePayload(context.Get(name)).Encode();
            return Effect.RunAsync(context, options, context.Need(customer), UserAction.RemoveUser, _ => (payload, null));
        });
    }
}
