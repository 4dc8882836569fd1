using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Api;

namespace Broker.Console.Credentials;

/// <summary><c>brokerctl credential show</c>: the versions of one credential and their stages.</summary>
internal static class ShowCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The credential");
        var customer = Parsing.Customer();
        return new Command("show", """
            Shows a credential and the stages of its versions

            Example:
              brokerctl credential show web-password --customer acme
            """).With(name, customer).Runs(host, async context =>
        {
            var model = await Stored.NeedAsync(context, context.Need(customer), context.Get(name));
            context.Print(model, ApiJson.Default.CredentialModel, o => Write(o, model));
            return ExitCode.Ok;
        });
    }

    private static void Write(TextWriter o, CredentialModel model)
    {
        o.WriteLine($"credential {model.Credential}, {model.Kind}, policy {model.Policy}");
        if (model.Versions.Count == 0)
            o.WriteLine($"v{model.Version,-5} current  {model.Length,8}  {model.Updated:u} {model.By}");
        foreach (var v in model.Versions)
            o.WriteLine($"v{v.Version,-5} {v.Stage,-8} {v.Length,8}  since {v.Moved:u} by {v.MovedBy}, put {v.Put:u} by {v.PutBy}");
        if (model.HandOver is { } handOver)
            o.WriteLine(
                $"handing over v{handOver.Version} to " +
                (handOver.Holders.Count == 0 ? "all who hold an earlier version" : string.Join(' ', handOver.Holders)) +
                $", until {handOver.Until:u} at most, asked for by {handOver.By}");
    }
}
