using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Histories;

namespace Broker.EndToEnd.Tests.Fleets;

/// <content>How a fleet stands when a fault is over, or everything is.</content>
internal sealed partial class Fleet
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, long> _rest = [];

    /// <summary>Whether some node comes to own the customer by itself; no where none does in 20 seconds.</summary>
    public async Task<bool> IsServedAsync()
    {
        var begun = TimeProvider.System.GetTimestamp();
        do
        {
            if (await WhereAsync() is { State: "owned" })
                return true;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
        while (TimeProvider.System.GetElapsedTime(begun) < Patience);
        return false;
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
            var (api, rest) = (_apis[i], _rest[Dmz[i].Name]);
            var begun = TimeProvider.System.GetTimestamp();
            long bytes;
            while ((bytes = await api.SecretBytesAsync()) > rest && TimeProvider.System.GetElapsedTime(begun) < Patience)
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            nodes.Add(new NodeAtRest(Dmz[i].Name, bytes, rest));
        }

        return nodes;
    }

    private async Task ReadGaugesAsync()
    {
        for (var i = 0; i < _apis.Count; i++)
            _rest[Dmz[i].Name] = await _apis[i].SecretBytesAsync();
    }
}
