using System.CommandLine;
using Broker.Console.Shell;
using Broker.Protocol.Api;

namespace Broker.Console.Nodes;

/// <summary><c>brokerctl cluster</c>: the nodes together, as the one that the profile names sees them.</summary>
internal static class ClusterCommand
{
    // Pages of 256: what a terminal shows of a hundred thousand customers, nobody reads.
    private const int MaxPages = 400;

    public static Command Create(ConsoleHost host) => new("cluster", "The nodes of the DMZ together") { Status(host) };

    private static Command Status(ConsoleHost host) => new Command("status", """
        Shows which nodes take part, and for each customer its owner, fence and holders

        Example:
          brokerctl cluster status --output json
        """).Runs(host, async context =>
    {
        var status = await context.Gateway.GetAsync(Path(""), ApiJson.Default.ClusterStatusModel);
        var customers = new List<ClusterCustomerModel>(status.Customers);
        for (var pages = 1; status.Next is { } after && pages < MaxPages; pages++)
        {
            status = await context.Gateway.GetAsync(Path(after), ApiJson.Default.ClusterStatusModel);
            customers.AddRange(status.Customers);
        }

        var whole = status with { Customers = customers };
        context.Print(whole, ApiJson.Default.ClusterStatusModel, o => Write(o, whole));
        return ExitCode.Ok;
    });

    private static string Path(string after) => $"{ApiRoutes.V1}/cluster/status?limit=256&after={Uri.EscapeDataString(after)}";

    private static void Write(TextWriter o, ClusterStatusModel status)
    {
        o.WriteLine($"as node {status.Node} sees it, {(status.IsCurrent ? "now" : "some time ago: it does not know who takes part now")}");
        foreach (var member in status.Members)
        {
            var says = member.Answers ? $"answers, version {member.Version}, {member.Sessions} agents" : "does not answer";
            o.WriteLine($"  {member.Node,-20} {says}");
        }

        if (status.Etcd is { Failure: { } failure })
            o.WriteLine($"etcd cannot be used: {failure}");
        foreach (var alarm in status.Etcd?.Alarms ?? [])
            o.WriteLine($"etcd: {alarm}");
        o.WriteLine($"{status.Customers.Count} customers, each to be held by {status.Holders}");
        foreach (var customer in status.Customers)
        {
            var locked = customer.LockStands ? ", a lock stands" : "";
            o.WriteLine(
                $"  {customer.Customer,-20} {customer.State,-8} owner {customer.Owner} fence {customer.Fence}, " +
                $"held by {(customer.Holders.Count > 0 ? string.Join(", ", customer.Holders) : "nobody")}{locked}");
        }
    }
}
