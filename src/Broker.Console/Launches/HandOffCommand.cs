using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Console.Launches;

/// <summary><c>brokerctl hand-off</c>.</summary>
internal static class HandOffCommand
{
    private const int LongPoll = 20;

    public static Command Create(ConsoleHost host) => new Command("hand-off", "Shows, follows and ends hand-offs").With(
        Show(host, follows: false), Show(host, follows: true), List(host), Release(host));

    private static Command Show(ConsoleHost host, bool follows)
    {
        var id = new Argument<string>("hand-off") { Description = "32 hexadecimal digits" };
        var customer = Parsing.Customer();
        var command = follows
            ? new Command("follow", """
                Prints each state of a hand-off until it and its use have ended

                Example:
                  brokerctl hand-off follow 5f0c3a... --customer acme
                """)
            : new Command("show", """
                Shows the state of a hand-off

                Example:
                  brokerctl hand-off show 5f0c3a... --customer acme
                """);
        return command.With(id, customer).Runs(host, async context =>
        {
            var path = GatewayClient.Of(context.Need(customer), $"/hand-offs/{Id(context.Get(id))}");
            await RequestSigner.LoginAsync(context, context.Need(customer));
            if (!follows)
                return HandOffText.Print(context, await context.Gateway.GetAsync(path, ApiJson.Default.HandOffModel));
            return await FollowAsync(context, path, context.Need(customer));
        });
    }

    private static async Task<int> FollowAsync(CommandContext context, string path, Name customer)
    {
        HandOffModel? last = null;
        while (true)
        {
            var model = last;
            try
            {
                model = await context.Gateway.GetAsync(
                    last is null ? path : $"{path}?wait={LongPoll}", ApiJson.Default.HandOffModel, TimeSpan.FromSeconds(LongPoll));
            }
            catch (CommandException e) when (e.Code.StartsWith("token-", StringComparison.Ordinal) && last is not null)
            {
                await RequestSigner.LoginAsync(context, customer);
            }

            if (model is not null && HandOffText.HasEnded(model))
                return HandOffText.Print(context, model);
            if (model is not null && (last is null || (model.State, model.UseState) != (last.State, last.UseState)))
                context.Print(model, ApiJson.Default.HandOffModel, o => HandOffText.Write(o, model));
            else
                await Task.Delay(TimeSpan.FromMilliseconds(250), context.Host.Time, context.Cancellation);
            last = model;
        }
    }

    private static Command List(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        return new Command("list", """
            Lists hand-offs

            Example:
              brokerctl hand-off list --customer acme
            """).With(customer).Runs(host, async context =>
        {
            await RequestSigner.LoginAsync(context, context.Need(customer));
            var items = await context.Gateway.ListAsync(
                GatewayClient.Of(context.Need(customer), "/hand-offs"), ApiJson.Default.PageModelHandOffModel);
            context.Print(
                new PageModel<HandOffModel>(items, null), ApiJson.Default.PageModelHandOffModel, o =>
                    items.ForEach(i => HandOffText.Write(o, i)));
            return ExitCode.Ok;
        });
    }

    private static Command Release(ConsoleHost host)
    {
        var id = new Argument<string>("hand-off") { Description = "32 hexadecimal digits" };
        var customer = Parsing.Customer();
        var agent = Parsing.NameOption("--agent", "The agent that holds it", required: true);
        var options = new EffectOptions();
        return options.AddTo(new Command("release", """
            Ends a use that an agent holds; the agent wipes what it held

            Example:
              brokerctl hand-off release 5f0c3a... --customer acme --agent web-1
            """).With(id, customer, agent)).Runs(host, context =>
        {
            var payload = new ReleasePayload(context.Need(agent), Id(context.Get(id))).Encode();
            return Effect.RunAsync(context, options, context.Need(customer), UserAction.Release, _ => (payload, null));
        });
    }

    private static Id16 Id(string text) =>
        Id16.TryParse(text, out var id) ? id : throw CommandException.Usage(
            "a hand-off is 32 hexadecimal digits", "brokerctl hand-off list");
}
