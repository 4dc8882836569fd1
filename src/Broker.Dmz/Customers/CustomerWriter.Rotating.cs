using Broker.Actors;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Ledger;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Brings rows of the epoch before to the key actor, a batch at a time, and ends the rotation when none is left. Each turn puts one
/// batch under a head, while the zone commits it the next is fetched and encrypted anew. Which rows are left is all the state that
/// counts: what waits at the key is given up as soon as something else moves the head.
/// </summary>
internal sealed partial class CustomerWriter
{
    private const string RotateTimer = "rotate";

    private static readonly TimeSpan RotateRetryDelay = TimeSpan.FromSeconds(1);

    // Rows that were given to the key actor and have no head yet.
    private int _resealed;

    // Asked for behind those, as soon as the batch before them was committed.
    private (WriterMessage.Rotate For, Task<Wire.RotateRowsReply?> Rows)? _ahead;

    private async Task Rotate(WriterMessage.Rotate message)
    {
        try
        {
            if (_resealed == 0 && !await Begin(message))
            {
                return;
            }

            // Behind whatever is queued by now: people do not wait for a rotation.
            if (await Commit(message) is { } problem)
            {
                Wait(message, problem);
            }
            else
            {
                Context.Self.Tell(message);
            }
        }
        catch (ZoneRefusedException refused) when (refused.Code is Codes.FenceStale)
        {
            _resealed = 0;
            _key.Tell(new CustomerKeyMessage.Deposed(message.Fence));
        }
        catch (Exception problem) when (IsOfTheDisk(problem))
        {
            _resealed = 0;
            _ = NotWitnessed(problem);
            Context.StartTimer(RotateTimer, message, RotateRetryDelay);
        }
        catch (Exception problem) when (
            problem is ZoneException or MalformedException or AskTimeoutException or ActorBusyException)
        {
            _resealed = 0;
            GiveUpPrepared();
            Context.StartTimer(RotateTimer, message, RotateRetryDelay);
        }
    }

    /// <summary>Brings the first rows that are left.</summary>
    /// <returns>Whether they wait at the key; else the rotation goes on some other way, or is over.</returns>
    private async Task<bool> Begin(WriterMessage.Rotate message)
    {
        _ahead = null;
        var given = await Fetch(message, skip: 0);
        if (given.Rows.Count == 0)
        {
            Add(new Waiting(new Change.EndRotation(message.Epoch - 1), result => Next(message, result, isLast: true)));
            return false;
        }

        if (given.Head is null)
        {
            // A zone of the version before gives no proof with the rows.
            Add(new Waiting(
                new Change.Rotation(given.Receipt.Memory, [.. given.Rows.Select(r => (new EntryKey(r.Type, r.Id), r.Statement.Memory))]),
                result => Next(message, result, isLast: false)));
            return false;
        }

        if (await Reseal(given) is { } refused)
        {
            Wait(message, refused);
            return false;
        }

        return true;
    }

    /// <summary>Puts the rows that wait at the key under a head, and brings those behind them meanwhile.</summary>
    /// <returns>The code of what came between, or null.</returns>
    private async Task<string?> Commit(WriterMessage.Rotate message)
    {
        var ahead = _ahead is { } asked && asked.For == message ? asked.Rows : FetchAhead(message, _resealed);
        _ahead = null;
        var prepared = await PrepareRotation();
        if (prepared.Code is Codes.CounterStale)
        {
            // The head is another by now. What comes is under that one, and nothing else gets in between in this turn.
            _resealed = 0;
            if (await ahead is not { } instead || await Reseal(instead) is not null)
            {
                return null;
            }

            ahead = FetchAhead(message, _resealed);
            prepared = await PrepareRotation();
        }

        if (prepared.Value is not { Head: { } head } plan)
        {
            _resealed = 0;
            _ = await ahead;
            return prepared.Code is Codes.CounterStale ? null : prepared.Code;
        }

        var given = 0;
        Task<Wire.RotateRowsReply?>? behind = null;
        // The zone goes on while this node writes its witness.
        var commit = Commit(plan, head, [], () => behind = given > 0 ? FetchAhead(message, given) : null);
        _resealed = 0;
        try
        {
            if (await ahead is { } next)
            {
                given = next.Rows.Count;
                // Where it is refused, it is refused again when it is first, and then is heard of.
                _ = await Reseal(next);
            }
        }
        finally
        {
            // One change in flight: whatever else fails meanwhile, the next turn comes when the fate of this one is known.
            await commit;
        }

        var committed = await commit;
        if (behind is not null && _resealed == given)
        {
            _ahead = (message, behind);
        }

        return committed.Committed ? null : committed.Code;
    }

    private Task<Result<PreparedChanges>> PrepareRotation() => _key.Ask<Result<PreparedChanges>>(
        static reply => new CustomerKeyMessage.PrepareRotation(reply), KeyTimeout, Context.Stopping);

    private async Task<string?> Reseal(Wire.RotateRowsReply given)
    {
        _resealed = 0;
        var resealed = await _key.Ask<Result<RowsResealed>>(
            reply => new CustomerKeyMessage.Reseal(given, reply), KeyTimeout, Context.Stopping);
        _resealed = resealed.Value?.Count ?? 0;
        return resealed.Code;
    }

    private Task<Wire.RotateRowsReply> Fetch(WriterMessage.Rotate message, int skip) => _node.Zone.RotateRowsAsync(
        new Wire.RotateRowsRequest
        {
            Customer = _customer.Value,
            Fence = message.Fence,
            Skip = (uint)skip,
            MaxRows = RotationIntent.MaxRows,
        },
        Context.Stopping);

    /// <summary>Rows behind those that wait; null where there are none, or the zone does not answer: then it is asked again.</summary>
    private async Task<Wire.RotateRowsReply?> FetchAhead(WriterMessage.Rotate message, int skip)
    {
        try
        {
            return await Fetch(message, skip) is { Rows.Count: > 0, Head: not null } given ? given : null;
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException)
        {
            return null;
        }
    }

    private void Next(WriterMessage.Rotate message, Result<ChangeDone> result, bool isLast)
    {
        if (result.Code is { } code)
        {
            Wait(message, code);
        }
        else if (!isLast)
        {
            Context.Self.Tell(message);
        }
    }

    private void Wait(WriterMessage.Rotate message, string code)
    {
        _resealed = 0;
        Log.RotationWaits(_log, _customer, code);
        if (code is not (Codes.FenceStale or Codes.LockStands or Codes.CustomerLocked))
        {
            Context.StartTimer(RotateTimer, message, RotateRetryDelay);
        }
    }
}
