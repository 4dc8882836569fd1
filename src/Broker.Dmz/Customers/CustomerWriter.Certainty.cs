using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>What became of a commit whose answer was lost, or was the answer to another copy of it.</summary>
internal sealed partial class CustomerWriter
{
    private Task<CommitResult> CommitAgain(Wire.CommitRequest request) => Again(
        async () =>
        {
            var reply = await _node.Zone.CommitAsync(request, Context.Stopping);
            return new LedgerPoint(reply.LedgerPosition, new Digest(reply.LedgerHash.Span));
        },
        request.Head, request.ExpectedCounter, request.Fence);

    /// <summary>
    /// The same commit again, until the zone decides one of the two: then the other is refused by what the first changed. To look at
    /// the head alone would not do, since what has not been committed yet may be on its way still.
    /// </summary>
    private async Task<CommitResult> Again(Func<Task<LedgerPoint>> commit, Wire.Signed head, ulong expected, ulong fence)
    {
        while (true)
        {
            try
            {
                return new CommitResult(true, null, await commit());
            }
            catch (ZoneRefusedException)
            {
                return await AskForCertain(head, expected, fence);
            }
            catch (Exception problem) when (problem is ZoneException or MalformedException)
            {
                await Task.Delay(RetryDelay, _node.Time, Context.Stopping);
            }
        }
    }

    /// <summary>Asks until the zone's head tells what became of a commit, or another claim has made it none of ours.</summary>
    private async Task<CommitResult> AskForCertain(Wire.Signed committed, ulong expected, ulong fence)
    {
        while (true)
        {
            try
            {
                var state = await GetCustomer();
                var ledger = new LedgerPoint(state.LedgerPosition, new Digest(state.LedgerHash.Span));
                var head = WireSigned.From(state.Head);
                if (head.Statement.Span.SequenceEqual(committed.Statement.Span))
                {
                    return new CommitResult(true, null, ledger);
                }

                if (head.Read<CustomerHead>().Counter == expected)
                {
                    return new CommitResult(false, Codes.ZoneUnavailable, ledger);
                }

                if (state.Fence > fence)
                {
                    return new CommitResult(false, Codes.OutcomeUnknown, null);
                }

                throw new MalformedException("the zone is neither before the commit nor after it");
            }
            catch (ZoneRefusedException refused) when (expected == 0 && refused.Code == Codes.CustomerUnknown)
            {
                return new CommitResult(false, Codes.ZoneUnavailable, null);
            }
            catch (Exception problem) when (problem is ZoneException or MalformedException)
            {
                // A refusal too: whatever the zone says instead of the customer's state, it does not tell the fate of the commit.
                await Task.Delay(RetryDelay, _node.Time, Context.Stopping);
            }
        }
    }

    /// <summary>Looks whether the customer's head is the one that was refused.</summary>
    private async Task<CommitResult> UnlessItStands(Wire.Signed refused, string code)
    {
        while (true)
        {
            try
            {
                var state = await GetCustomer();
                return WireSigned.From(state.Head).Statement.Span.SequenceEqual(refused.Statement.Span)
                    ? new CommitResult(true, null, new LedgerPoint(state.LedgerPosition, new Digest(state.LedgerHash.Span)))
                    : new CommitResult(false, code, null);
            }
            catch (ZoneRefusedException)
            {
                return new CommitResult(false, code, null);
            }
            catch (Exception problem) when (problem is ZoneException or MalformedException)
            {
                await Task.Delay(RetryDelay, _node.Time, Context.Stopping);
            }
        }
    }
}
