using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;

namespace Broker.Console.Credentials;

/// <summary><c>brokerctl credential</c>.</summary>
internal static class CredentialCommand
{
    public static Command Create(ConsoleHost host) =>
        new Command("credential", "Puts, lists and deletes credentials; nothing reads one back").With(
            PutCommand.Create(host), List(host), ShowCommand.Create(host), VersionCommands.Stage(host), PromoteCommand.Create(host),
            VersionCommands.Retire(host), VersionCommands.Delete(host), Delete(host));

    private static Command List(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        return new Command("list", """
            Lists credentials with kind, policy, version and length

            Example:
              brokerctl credential list --customer acme
            """).With(customer).Runs(host, async context =>
        {
            await RequestSigner.LoginAsync(context, context.Need(customer));
            var items = await context.Gateway.ListAsync(
                GatewayClient.Of(context.Need(customer), "/credentials"), ApiJson.Default.PageModelCredentialModel);
            context.Print(new PageModel<CredentialModel>(items, null), ApiJson.Default.PageModelCredentialModel, o => items.ForEach(i =>
                o.WriteLine(
                    $"{i.Credential,-24} {i.Kind,-18} {i.Policy,-20} v{i.Version,-5} {i.Length,8}  {i.Updated:u} {i.By}" +
                    Stored.Underway(i))));
            return ExitCode.Ok;
        });
    }

    private static Command Delete(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The credential");
        var customer = Parsing.Customer();
        var options = new EffectOptions();
        return options.AddTo(new Command("delete", """
            Deletes a credential with all its versions

            Example:
              brokerctl credential delete web-password --customer acme
            """).With(name, customer)).Runs(host, context =>
        {
            var payload = new NamePayload(context.Get(name)).Encode();
            return Effect.RunAsync(context, options, context.Need(customer), UserAction.DeleteCredential, _ => (payload, null));
        });
    }
}
