using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Peers;

/// <summary>
/// A successor collects what its predecessor held, ticket by ticket, until each customer has come from one holder. Where nobody but a
/// ticket may bring a customer, one that was not used up is presented again until its time is over.
/// </summary>
internal sealed class PeerSuccession(DmzContext node, PeerFetcher fetcher, ILogger log)
{
    private const int AtOnce = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    /// <summary>Presents the tickets.</summary>
    /// <param name="key">Their key.</param>
    /// <param name="drawn">The tickets.</param>
    /// <param name="reach">The way to the holder of a ticket.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The customers that are held here now.</returns>
    public async Task<IReadOnlySet<Name>> Collect(
        TicketKey key, DrawnTickets drawn, Func<DrawnTicket, PeerCaller> reach, CancellationToken cancellation)
    {
        var got = new HashSet<Name>();
        var left = Read(drawn, reach);
        using var gate = new SemaphoreSlim(AtOnce);
        for (var pause = FirstPause; left.Count > 0; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            // Each holder is looked for once, at the same time: one that hangs is waited for by its own tickets, and by each only once.
            var looks = left.Select(static o => o.Holder).Distinct().ToDictionary(static h => h, h => Look(h, cancellation));
            var customers = left.GroupBy(static o => o.Ticket.Customer).ToList();
            var rounds = await Task.WhenAll(customers.Select(c => Try([.. c], looks, gate, key, cancellation)));
            got.UnionWith(customers.Zip(rounds).Where(static c => c.Second is null).Select(static c => c.First.Key));
            left = [.. rounds.SelectMany(static r => r ?? [])];
            if (left.Count > 0)
            {
                await Task.Delay(pause, node.Time, cancellation);
            }
        }

        return got;
    }

    private List<Presented> Read(DrawnTickets drawn, Func<DrawnTicket, PeerCaller> reach)
    {
        var read = new List<Presented>();
        foreach (var one in drawn.Tickets)
        {
            try
            {
                var ticket = one.Ticket.Read<DrainTicket>();
                if (ticket.Node == node.Node)
                {
                    read.Add(new Presented(ticket, Admission.Of(ticket, one.Ticket.Signature), reach(one), IsTold: false));
                }
            }
            catch (MalformedException)
            {
                // The next one may be good.
            }
        }

        return read;
    }

    /// <summary>Presents one customer's tickets, each once at most.</summary>
    /// <returns>Those that may be good in a moment; null where the customer is held here.</returns>
    private async Task<List<Presented>?> Try(
        List<Presented> tickets, Dictionary<PeerCaller, Task<string?>> looks, SemaphoreSlim gate, TicketKey key,
        CancellationToken cancellation)
    {
        var left = new List<(Presented One, string Code)>();
        foreach (var one in tickets)
        {
            var customer = one.Ticket.Customer;
            var code = await looks[one.Holder] ?? await Fetch(one, gate, key, cancellation);
            if (code is null or TransferCodes.AlreadyHeld)
            {
                return null;
            }

            if (Passes(code) && node.Time.GetUtcNow() < one.Ticket.NotAfter)
            {
                left.Add((one, code));
            }
            else
            {
                TransferLog.NotFetched(log, customer, one.Holder.Node, code);
            }
        }

        foreach (var (one, code) in left.Where(static l => !l.One.IsTold))
        {
            TransferLog.TriedAgain(log, one.Ticket.Customer, one.Holder.Node, code);
        }

        return [.. left.Select(static l => l.One with { IsTold = true })];
    }

    /// <summary>Why a holder is away; null where it is there.</summary>
    private async Task<string?> Look(PeerCaller holder, CancellationToken cancellation) =>
        (await PeerProbe.Look(node, holder, cancellation)).Code;

    private async Task<string?> Fetch(Presented one, SemaphoreSlim gate, TicketKey key, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            return (await fetcher.TryFetch(one.Ticket.Customer, one.Holder, one.Admission, key, cancellation)).Code;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// Whether it may be otherwise in a moment, with a ticket that was not used up, or perhaps not: the next try tells. Whoever does not
    /// own the customer claims it when its owner is gone.
    /// </summary>
    private static bool Passes(string code) => code is
        TransferCodes.PeerUnavailable or TransferCodes.NotOwner or Codes.ZoneUnreachable or Codes.ZoneUnavailable or Codes.ZoneFailed or
        Codes.StoreFailed or Codes.Busy or Codes.TimedOut or Codes.OutcomeUnknown;

    private sealed record Presented(DrainTicket Ticket, Admission Admission, PeerCaller Holder, bool IsTold);
}
