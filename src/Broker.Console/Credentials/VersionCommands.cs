using System.CommandLine;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Requests;

namespace Broker.Console.Credentials;

/// <summary>The steps of one version: <c>brokerctl credential stage</c>, <c>retire</c>, <c>delete-version</c>.</summary>
internal static class VersionCommands
{
    public static Command Stage(ConsoleHost host) => Step(
        host, UserAction.StageVersion, "stage", isNamed: false, """
        Lets launches that name the pending version have it; others still get the current one

        Examples:
          brokerctl credential stage web-password --customer acme
          brokerctl launch --customer acme --agent test-1 --use start-web=web-password@staged
        """);

    public static Command Retire(ConsoleHost host) => Step(
        host, UserAction.RetireVersion, "retire", isNamed: false, """
        Gives up the pending or staged version: no launch gets it, and another one can be put

        Example:
          brokerctl credential retire web-password --customer acme
        """);

    public static Command Delete(ConsoleHost host) => Step(
        host, UserAction.DeleteVersion, "delete-version", isNamed: true, """
        Deletes a retired version; its number is not given again

        Example:
          brokerctl credential delete-version web-password --version 1 --customer acme
        """);

    /// <summary>The option that names a version.</summary>
    /// <param name="required">Whether there is no other way to know which.</param>
    public static Option<uint?> VersionOption(bool required) => new("--version")
    {
        Description = required ? "The version" : "The version; else the one that is pending or staged",
        HelpName = "VERSION",
        Required = required,
    };

    private static Command Step(ConsoleHost host, UserAction action, string verb, bool isNamed, string description)
    {
        var name = Parsing.NameArgument("name", "The credential");
        var customer = Parsing.Customer();
        var version = VersionOption(isNamed);
        var options = new EffectOptions();
        return options.AddTo(new Command(verb, description).With(name, customer, version)).Runs(host, async context =>
        {
            var number = await Stored.VersionAsync(context, context.Need(customer), context.Get(name), context.Get(version));
            var payload = new VersionPayload(context.Get(name), number).Encode();
            return await Effect.RunAsync(context, options, context.Need(customer), action, _ => (payload, null));
        });
    }
}
