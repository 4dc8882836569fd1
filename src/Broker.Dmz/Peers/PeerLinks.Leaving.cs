using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Secrets;

namespace Broker.Dmz.Peers;

/// <content>
/// How a node leaves the others, while it still serves: it takes nothing more, has each of its customers held by another, leaves tickets to
/// its successor, says that it goes, and has the others claim.
/// </content>
internal sealed partial class PeerLinks
{
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(2);

    /// <summary>Gives over what this node owns, and leaves tickets to the successor.</summary>
    /// <param name="reason">Why, for people.</param>
    /// <param name="budget">The time that this may take: what is not given over then stays, and is told.</param>
    public async Task LeaveAsync(string reason, CancellationToken budget)
    {
        _node.Drain.Begin(reason);
        Log.Leaving(_log, reason);
        await _stopping.CancelAsync();
        await _succession;
        if (_node.Peers.Others.Count == 0)
        {
            return;
        }

        var handing = new HandingOver(_node, _customers);
        try
        {
            await GiveOverAsync(handing, budget);
        }
        catch (OperationCanceledException) when (budget.IsCancellationRequested)
        {
            handing.GiveUp();
            Log.OutOfTime(_log, _node.Held.All.Count(static h => h.State == KeyState.Unlocked));
        }

        // What it was the last to hold it could claim until now.
        _cluster?.Stop();
        foreach (var kept in _node.Drain.State.Left)
        {
            Log.Kept(_log, kept.Customer, kept.Code);
        }

        Log.Left(_log, _node.Drain.State.GivenOver);
    }

    private async Task GiveOverAsync(HandingOver handing, CancellationToken budget)
    {
        var company = await DrainCompany.Look(_node, budget);
        // Before tickets are drawn: who comes to hold it gives one too.
        await handing.HaveHeld(company, budget);
        await LeaveTicketsAsync(budget);
        await LeaveMembershipAsync(budget);
        await handing.Run(company, budget);
    }

    /// <summary>
    /// Says that it leaves, where that can be said soon: what nobody hears ends by itself, and customers wait for their next owner.
    /// </summary>
    private async Task LeaveMembershipAsync(CancellationToken budget)
    {
        using var limit = new CancellationTokenSource(LeavePatience, _node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, budget);
        try
        {
            await Membership.LeaveAsync(either.Token);
        }
        catch (OperationCanceledException) when (!budget.IsCancellationRequested)
        {
            Log.NotLeft(_log);
        }
    }

    /// <summary>Draws tickets for the successor and has the service manager keep them, where one is there.</summary>
    private async Task LeaveTicketsAsync(CancellationToken budget)
    {
        if (_options.Listen is null || Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } socket)
        {
            return;
        }

        try
        {
            using var key = TicketKey.Generate(_node.Random);
            // The successor comes when this node is gone: none of its own.
            var drawn = await new PeerDrain(_node, _customers, own: null).Draw(key, budget);
            if (drawn.Tickets.Count == 0)
            {
                return;
            }

            using var memfd = TicketDescriptor.Write(key, drawn);
            ServiceManager.Keep(socket, TicketDescriptor.Name, memfd);
            _node.Drain.Drew(drawn.Tickets.Count);
            Log.Drawn(_log, drawn.Tickets.Count);
        }
        catch (Exception problem) when (problem is IOException or SecretMemoryExhaustedException)
        {
            // Customers are given over all the same.
            Log.NotKept(_log);
        }
    }
}
