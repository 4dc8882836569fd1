using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>Waits while a node works on what the last custodian gave: it commits or claims in the zone before the state changes.</summary>
internal static class CustomerWaiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks again while the customer is in a passing state, for at most the time that a call may take.</summary>
    public static async Task<CustomerModel> UntilSettledAsync(CommandContext context, Name customer, CustomerModel model, string passing)
    {
        var end = context.Now + context.Timeout;
        while (model.State == passing && context.Now < end)
        {
            await Task.Delay(Pause, context.Host.Time, context.Cancellation);
            model = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        }

        return model;
    }
}
