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
    private Task<CommitResult> Again(Func<Task<LedgerPoint>> commit, Wire.Signed head, ulong expected, ulong fence) =>
        UntilDecided(async () =>
        {
            try
            {
                return new CommitResult(true, null, await commit());
            }
            catch (ZoneRefusedException)
            {
                return await AskForCertain(head, expected, fence);
            }
        });

    /// <summary>Asks until the zone's head tells what became of a commit, or another claim has made it none of ours.</summary>
    private Task<CommitResult> AskForCertain(Wire.Signed committed, ulong expected, ulong fence) => UntilDecided(async () =>
    {
        try
        {
            var state = await GetCustomer();
            return Stands(committed, state) ?? state switch
            {
                _ when WireSigned.From(state.Head).Read<CustomerHead>().Counter == expected =>
                    new CommitResult(false, Codes.ZoneUnavailable, LedgerOf(state)),
                _ when state.Fence > fence => new CommitResult(false, Codes.OutcomeUnknown, null),
                _ => throw new MalformedException("the zone is neither before the commit nor after it"),
            };
        }
        catch (ZoneRefusedException refused) when (expected == 0 && refused.Code == Codes.CustomerUnknown)
        {
            return new CommitResult(false, Codes.ZoneUnavailable, null);
        }
    });

    /// <summary>Looks whether the customer's head is the one that was refused.</summary>
    private Task<CommitResult> UnlessItStands(Wire.Signed refused, string code) => UntilDecided(async () =>
    {
        try
        {
            return Stands(refused, await GetCustomer()) ?? new CommitResult(false, code, null);
        }
        catch (ZoneRefusedException)
        {
            return new CommitResult(false, code, null);
        }
    });

    /// <summary>
    /// Asks again and again. What the question leaves open decides nothing: an answer that is lost, one that is not of its form, and a
    /// refusal too, since whatever the zone says instead of an answer does not tell the fate of a commit.
    /// </summary>
    private async Task<CommitResult> UntilDecided(Func<Task<CommitResult>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception problem) when (problem is ZoneException or MalformedException)
            {
                await Task.Delay(RetryDelay, _node.Time, Context.Stopping);
            }
        }
    }

    private static CommitResult? Stands(Wire.Signed head, Wire.CustomerState state) =>
        WireSigned.From(state.Head).Statement.Span.SequenceEqual(head.Statement.Span)
            ? new CommitResult(true, null, LedgerOf(state))
            : null;

    private static LedgerPoint LedgerOf(Wire.CustomerState state) =>
        new(state.LedgerPosition, new Digest(state.LedgerHash.Span));
}
