using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Audit;

/// <summary>Fetches chains from the broker, page by page.</summary>
internal static class AuditSource
{
    private const int Page = 500;

    /// <summary>Header and lines of an export: the cluster's chain first, so that it never knows more than what follows.</summary>
    public static async Task<AuditHeader> HeaderAsync(CommandContext context, Name customer)
    {
        var model = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        return model.Custody is { } custody
            ? new AuditHeader(AuditHeader.Version1, context.Profile.Trust.Cluster.Value, customer.Value, custody,
                model.Successions.Count > 0 ? model.Successions : null)
            : throw new CommandException(ExitCode.Refused, "not-enrolled", $"the customer is {model.State}; it has no ledger yet");
    }

    public static async IAsyncEnumerable<AuditLine> LinesAsync(CommandContext context, Name customer)
    {
        await foreach (var receipt in ReceiptsAsync(context, ApiRoutes.V1 + "/ledger", 0))
            yield return new AuditLine(AuditLine.Cluster, receipt);
        await foreach (var receipt in ReceiptsAsync(context, GatewayClient.Of(customer, "/ledger"), 0))
            yield return new AuditLine(AuditLine.Customer, receipt);
    }

    /// <summary>The receipts of a chain from a position on.</summary>
    /// <exception cref="CommandException">The broker stops before the length that it says.</exception>
    public static async IAsyncEnumerable<byte[]> ReceiptsAsync(CommandContext context, string path, ulong from)
    {
        while (true)
        {
            var page = await context.Gateway.GetAsync($"{path}?from={from}&limit={Page}", ApiJson.Default.LedgerModel);
            foreach (var receipt in page.Receipts)
                yield return receipt;
            from += (ulong)page.Receipts.Count;
            if (from >= page.Length)
                yield break;
            if (page.Receipts.Count == 0)
                throw CommandException.Unverified(
                    "ledger-cut", $"the broker says that the chain has {page.Length} blocks and gives {from}");
        }
    }
}
