using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Console.Custody;

/// <summary><c>brokerctl customer rotate</c>: the customer's next epoch.</summary>
internal static class RotateCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var custody = new CustodyOptions();
        var options = new EffectOptions();
        var compromised = new Option<bool>("--compromised")
        {
            Description = "The old secret may be in other hands: consoles, holders and agents are invited anew",
        };
        var follow = new Option<bool>("--follow") { Description = "Shows how far the rotation is, until it is finished; asks for nothing" };
        var command = new Command("rotate", """
            Makes a new secret for the customer, its custody, and encrypts every row anew in the background, while it is unlocked

            Needs as many administrators as the customer requires. It counts when every holder has confirmed, within an hour. The old
            identity signs the new one, so that consoles and agents follow by themselves; with --compromised it does not.

            Examples:
              brokerctl customer rotate acme --threshold 2 --custodian carol=carol.pub --custodian dave=dave.pub --one-way-only \
                --co-sign bob
              brokerctl customer rotate acme --follow
            """).With(name, compromised, follow);
        return options.AddTo(custody.AddTo(command)).Runs(host, async context =>
        {
            if (context.Get(follow))
                return await FollowAsync(context, context.Get(name));
            var (ways, oneWay) = await custody.WaysAsync(context);
            var present = (await PinnedCustomer.LoadAsync(context, context.Get(name))).Custody;
            var payload = new RotatePayload(
                ways, oneWay, custody.Required(context, present), checked(present.Epoch + 1), context.Get(compromised));
            return await Effect.RunAsync(
                context, options, context.Get(name), UserAction.Rotate, _ => (payload.Encode(), null), life: CustodyOptions.Life,
                directory: custody.Directory(context));
        });
    }

    private static async Task<int> FollowAsync(CommandContext context, Name customer)
    {
        var model = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        ulong? shown = null;
        while (model.Challenge is { Length: > 0 } || model.Rotation is not null)
        {
            if (model.Rotation is { } rotation && rotation.Left != shown)
            {
                context.Note($"{rotation.Done} rows done, {rotation.Left} left");
                shown = rotation.Left;
            }

            await Task.Delay(Pause, context.Host.Time, context.Cancellation);
            model = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        }

        context.Print(model, ApiJson.Default.CustomerModel, o => CustomerText.Write(o, model));
        return ExitCode.Ok;
    }
}
