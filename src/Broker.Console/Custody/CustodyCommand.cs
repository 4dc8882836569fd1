using System.CommandLine;
using Broker.Console.Customers;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Requests;

namespace Broker.Console.Custody;

/// <summary><c>brokerctl customer custody</c>: how the customer's secret is kept, and another custody while it is unlocked.</summary>
internal static class CustodyCommand
{
    public static Command Create(ConsoleHost host) =>
        new Command("custody", "Shows and changes how a customer's secret is kept").With(Show(host), Change(host));

    private static Command Show(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        return new Command("show", """
            Shows epoch, revision and ways of custody, verified against the pinned identity

            Example:
              brokerctl customer custody show acme
            """).With(name).Runs(host, async context =>
        {
            var customer = await PinnedCustomer.LoadAsync(context, context.Get(name));
            CustodyResult.Of(customer.Custody, []).Print(context, o =>
            {
                if (customer.Model.Challenge is { Length: > 0 })
                    o.WriteLine($"waiting   {customer.Model.Missing}");
                if (customer.Model.Rotation is { } rotation)
                    o.WriteLine($"rotating  {rotation.Done} rows done, {rotation.Left} left");
            });
            return ExitCode.Ok;
        });
    }

    private static Command Change(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var custody = new CustodyOptions();
        var options = new EffectOptions();
        var command = new Command("change", """
            Makes another custody of the customer's secret, while it is unlocked: ways, custodians, how many of them unlock

            Needs as many administrators as the customer requires. It counts when every holder has confirmed, within an hour, and then
            for all ways at once; before that the custody is as it was. What was sealed before still rebuilds this epoch's secret in
            whoever's hands enough of it is: somebody who must not have it any more is a reason to rotate.

            Example:
              brokerctl customer custody change acme --threshold 3 --custodian carol=carol.pub --custodian dave=dave.pub \
                --custodian erin=erin.pub --custodian frank=frank.pub --one-way-only --co-sign bob
            """).With(name);
        return options.AddTo(custody.AddTo(command)).Runs(host, async context =>
        {
            var (ways, oneWay) = await custody.WaysAsync(context);
            var present = (await PinnedCustomer.LoadAsync(context, context.Get(name))).Custody;
            var payload = new ChangeCustodyPayload(ways, oneWay, custody.Required(context, present), present.Epoch, present.Revision);
            return await Effect.RunAsync(
                context, options, context.Get(name), UserAction.ChangeCustody, _ => (payload.Encode(), null), life: CustodyOptions.Life,
                directory: custody.Directory(context));
        });
    }
}
