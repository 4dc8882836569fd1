using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Integrity;

/// <summary>Compares a customer's tables with what its chain says.</summary>
/// <param name="tables">One snapshot.</param>
/// <param name="customer">The row.</param>
/// <param name="result">Where differences go.</param>
internal sealed class ReplayComparison(IZoneReader tables, CustomerRecord customer, Verification result)
{
    private const int Page = 256;

    private string Name => customer.Customer.Value;

    /// <summary>Compares.</summary>
    public void Run(CustomerReplay said)
    {
        Expect(said.Fence == customer.Fence && said.Owner == (customer.OwnerNode, customer.OwnerIncarnation), RefusalCode.FenceAltered,
            "fence or owner are not those of the newest claim");
        Expect(said.Lock == customer.LockGeneration && said.Lifted == customer.LiftedGeneration, RefusalCode.LockAltered,
            "the lock is not the one that the ledger says");
        Expect(said.Head is { } head && head.Statement.Span.SequenceEqual(customer.SignedHead.Statement.Span), RefusalCode.HeadAltered,
            "the head is not the newest one");
        HandOffs(said);
        Requests(said);
    }

    private void HandOffs(CustomerReplay said)
    {
        var (open, uses, missing) = (0u, 0u, said.HandOffs.Count);
        for (Id16? after = null; ;)
        {
            var page = tables.HandOffs(customer.Customer, openOnly: false, after, Page);
            foreach (var stored in page)
            {
                after = stored.HandOff;
                result.HandOffs++;
                missing--;
                open += stored.State == Protocol.Ledger.HandOffState.Released ? 1u : 0u;
                uses += stored.IsOpen && stored.State != Protocol.Ledger.HandOffState.Released ? 1u : 0u;
                Expect(
                    said.HandOffs.TryGetValue(stored.HandOff, out var told) &&
                    told with { Released = stored.Released, Updated = stored.Updated } == stored,
                    RefusalCode.JournalAltered, $"hand-off {stored.HandOff} is not what the ledger says of it");
            }

            if (page.Count < Page)
            {
                break;
            }
        }

        Expect(missing == 0, RefusalCode.JournalAltered, $"{missing} hand-offs of the ledger are not in the journal");
        Expect(open == customer.OpenHandOffs && uses == customer.OpenUses, RefusalCode.JournalAltered,
            "open hand-offs or uses are miscounted");
    }

    private void Requests(CustomerReplay said)
    {
        foreach (var ((user, key), hash) in said.Remembered)
        {
            Expect(
                tables.Idempotency(customer.Customer, user, key)?.Body == hash, RefusalCode.JournalAltered,
                $"a request of user {user} was followed, and is not remembered");
        }

        foreach (var (token, redeemed) in said.Invitations)
        {
            Expect(
                tables.Invitation(customer.Customer, token) is not { } stored || stored.Redeemed == redeemed,
                RefusalCode.InvitationAltered, "an invitation is not redeemed, or is, as the ledger says");
        }
    }

    private void Expect(bool holds, string code, string detail)
    {
        if (!holds)
        {
            result.Add(Name, code, detail);
        }
    }
}
