using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Histories;
using Broker.Protocol.Api;

namespace Broker.EndToEnd.Tests.Fleets;

/// <content>How a fleet stands when a fault is over, or everything is.</content>
internal sealed partial class Fleet
{
    // Between two nodes a customer may be in nobody's hands for the moment in which one is asked after the other, and where a node stands
    // still that takes seconds.
    private const int SureAfter = 200;

    private readonly Dictionary<string, long> _rest = [];

    /// <summary>
    /// Waits until some node owns the customer again by itself; no where every node answers and none of them holds it, so that only those
    /// who hold custody can help.
    /// </summary>
    public async Task<bool> IsServedAsync()
    {
        var lost = 0;
        var state = await Waiting.ForAsync("the customer is owned again", async () =>
        {
            var status = await StatusAsync();
            var where = status?.Customers.SingleOrDefault();
            lost = where is { Holders.Count: 0 } && status!.Members.All(static m => m.Answers) ? lost + 1 : 0;
            return (where is { State: "owned" } || lost == SureAfter ? where : null, Seen(status));
        });
        return state.State == "owned";
    }

    /// <summary>As two custodians.</summary>
    public async Task UnlockAsync()
    {
        foreach (var custodian in Custody.Acting)
        {
            await Console.OkAsync(
                "customer", "unlock", Customer, "--custodian", custodian, "--share", Path.Combine(Work, "shares", custodian + ".share"));
        }
    }

    /// <summary>
    /// Locks the customer and reads every node's gauge of live secret bytes, beside what the node needed before it knew any customer.
    /// </summary>
    public async Task<IReadOnlyList<NodeAtRest>> AtRestAsync()
    {
        await Console.OkAsync("customer", "lock", Customer, "--reason", "everything is over");
        var nodes = new List<NodeAtRest>();
        for (var i = 0; i < _apis.Count; i++)
        {
            var (api, node) = (_apis[i], Dmz[i].Name);
            nodes.Add(await Waiting.ForAsync($"{node} is at rest", async () =>
            {
                var at = new NodeAtRest(node, await api.SecretBytesAsync(), _rest[node]);
                return (at.SecretBytes <= at.RestBytes ? at : null, $"{at.SecretBytes} secret bytes, {at.RestBytes} at rest");
            }));
        }

        return nodes;
    }

    private async Task ReadGaugesAsync()
    {
        for (var i = 0; i < _apis.Count; i++)
            _rest[Dmz[i].Name] = await _apis[i].SecretBytesAsync();
    }

    private static string Seen(ClusterStatusModel? status) => status is null
        ? "no node answered"
        : $"{Text(status.Customers.SingleOrDefault())}; {status.Node} hears from " +
            string.Join(' ', status.Members.Where(static m => m.Answers).Select(static m => m.Node));
}
