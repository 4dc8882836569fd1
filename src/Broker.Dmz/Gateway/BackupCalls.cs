using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Backup;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>
/// Brings a row of a backup to the customer's key, to see whether it opens. What the key decides by it verifies itself; the zone records
/// the intent between its two steps.
/// </summary>
internal sealed class BackupCalls(GatewayContext gateway)
{
    private const int PerMinute = 16;

    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    private readonly EntryBudget _budget = new(gateway.Node.Time, PerMinute);

    public void Map(Calls calls) => calls.Owned(
        "POST", "/v1/customers/{customer}/backup-checks", ApiJson.Default.BackupCheckModel, ApiJson.Default.BackupCheckedModel, 200,
        new About("CheckBackup", "Has the customer's key open one row of a backup, to see whether it can; nothing of the row is answered"),
        Check);

    private async Task<Result<BackupCheckedModel>> Check(HttpContext context, BackupCheckModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var console = $"console/{context.Peer()!.Name}";
        if (!_budget.Take(console, customer))
        {
            return new Refused(Codes.EntryRate, "too many backups of this customer in this minute; wait for the next");
        }

        var proof = Statement.Read<BackupProof>(model.Proof);
        if (!proof.HasRow)
        {
            throw new MalformedException("the proof has no row: there is nothing to open");
        }

        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var opened = await Open(found, proof, console, context.RequestAborted);
        if (opened.Code is { } code)
        {
            await gateway.AuditEntry(customer, console, "check-backup", code);
        }

        return opened.Value is { } value
            ? new BackupCheckedModel(value.BackupHead, value.Head, value.Position)
            : opened.ToRefused();
    }

    private async Task<Result<OpenedBackup>> Open(
        CustomerRefs refs, BackupProof proof, string console, CancellationToken cancellation)
    {
        var offered = await refs.Key.Ask<Result<OfferedBackupCheck>>(
            reply => new CustomerKeyMessage.OfferBackupCheck(proof, console, reply), KeyTimeout, cancellation);
        if (offered.Value is not { } offer)
        {
            return offered.ToRefused();
        }

        var appended = await gateway.Node.Zone.AppendBackupCheckAsync(
            new Wire.AppendBackupCheckRequest
            {
                Customer = proof.Head.Read<Protocol.Directory.CustomerHead>().Customer.Value,
                Fence = offer.Fence,
                Check = WireSigned.To(offer.Signed),
            },
            cancellation);
        return await refs.Key.Ask<Result<OpenedBackup>>(
            reply => new CustomerKeyMessage.OpenBackup(offer.Check, appended.Receipt.Memory, reply), KeyTimeout, cancellation);
    }
}
