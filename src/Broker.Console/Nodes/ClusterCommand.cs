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
        Shows the nodes of both zones with their versions, how far behind the database's standbys are, and for each customer its owner,
        fence and holders, and since when its head is witnessed

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
        context.Print(whole, ApiJson.Default.ClusterStatusModel, o => Write(o, whole, context.Now));
        return ExitCode.Ok;
    });

    private static string Path(string after) => $"{ApiRoutes.V1}/cluster/status?limit=256&after={Uri.EscapeDataString(after)}";

    internal static void Write(TextWriter o, ClusterStatusModel status, DateTimeOffset now)
    {
        o.WriteLine($"as node {status.Node} sees it, {(status.IsCurrent ? "now" : "some time ago: it does not know who takes part now")}");
        foreach (var member in status.Members)
        {
            var says = member.Answers
                ? $"answers, version {member.Version}, speaks {member.LinkVersion}, {member.Sessions} agents{Agents(member)}"
                : member.LinkVersion > 0 ? $"does not answer; spoke {member.LinkVersion} last" : "does not answer";
            o.WriteLine($"  {member.Node,-20} {says}");
        }

        if (status.Etcd is { Failure: { } failure })
            o.WriteLine($"etcd cannot be used: {failure}");
        foreach (var alarm in status.Etcd?.Alarms ?? [])
            o.WriteLine($"etcd: {alarm}");
        if (status.Zone.Count > 0)
        {
            o.WriteLine("credential zone");
            foreach (var zone in status.Zone)
                o.WriteLine($"  {zone.Node ?? zone.Address,-20} {Says(zone)}");
        }

        if (status.LowestVersion > 0)
            o.WriteLine($"version {status.LowestVersion} of the link is the lowest that anybody speaks{Upgrading(status)}");

        o.WriteLine($"{status.Customers.Count} customers, each to be held by {status.Holders}");
        foreach (var customer in status.Customers)
        {
            var locked = customer.LockStands ? ", a lock stands" : "";
            var seen = customer.Witnessed is { } at ? $", head witnessed {Age(now - at)} ago" : "";
            var fresh = customer.Freshness == "unproven" ? ", freshness unproven" : "";
            var failed = customer.Failure is { } code && code != "freshness-unproven" ? $", last unlock failed: {code}" : "";
            o.WriteLine(
                $"  {customer.Customer,-20} {customer.State,-8} owner {customer.Owner} fence {customer.Fence}, " +
                $"held by {(customer.Holders.Count > 0 ? string.Join(", ", customer.Holders) : "nobody")}{locked}{seen}{fresh}{failed}");
        }

        if (status.Customers.Count(static c => c.State == "locked") is var count and > 0)
            o.WriteLine($"{count} locked: those who hold custody unlock, brokerctl customer unlock");
    }

    private static string Agents(ClusterMemberModel member) =>
        member.LowestAgent > 0 && member.LowestAgent < member.LinkVersion ? $", some of which speak {member.LowestAgent}" : "";

    private static string Upgrading(ClusterStatusModel status) =>
        status.Members.Where(static m => m.Answers).Select(static m => m.LinkVersion)
            .Concat(status.Zone.Where(static z => z.Answers).Select(static z => z.LinkVersion)).Any(v => v > status.LowestVersion)
            ? ": an upgrade is under way, and the next one has to wait"
            : "";

    private static string Says(ClusterZoneModel zone) => zone switch
    {
        { Answers: false, LinkVersion: > 0 } => $"does not answer; spoke {zone.LinkVersion} last",
        { Answers: false } => "does not answer",
        { Store: null } => $"answers, speaks {zone.LinkVersion}",
        { Store.Answers: false } => $"answers, version {zone.Version}, speaks {zone.LinkVersion}; its database does not answer",
        { Store: var store } =>
            $"answers, version {zone.Version}, speaks {zone.LinkVersion}; {store.Kind}, schema {store.Schema}{Standbys(store)}",
    };

    private static string Standbys(ClusterStoreModel store) => store switch
    {
        { Standbys: null } => ", its standbys cannot be seen",
        { Standbys: 0 } => "",
        { LagBytes: null } => $", standbys: {store.Standbys}; to see their lag, grant the zone's role pg_read_all_stats",
        _ =>
            $", standbys: {store.Standbys}, {store.LagBytes} bytes and {Age(TimeSpan.FromMilliseconds(store.LagMilliseconds ?? 0))} behind",
    };

    private static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 0 } => "0 s",
        { TotalSeconds: < 120 } => $"{age.TotalSeconds:0} s",
        { TotalMinutes: < 120 } => $"{age.TotalMinutes:0} min",
        { TotalHours: < 48 } => $"{age.TotalHours:0} h",
        _ => $"{age.TotalDays:0} days",
    };
}
