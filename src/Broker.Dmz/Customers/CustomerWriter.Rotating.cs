using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Brings rows of the epoch before to the key actor, a batch at a time, and ends the rotation when none is left. It remembers
/// nothing: which rows are left is all the state that there is.
/// </summary>
internal sealed partial class CustomerWriter
{
    private const string RotateTimer = "rotate";

    private static readonly TimeSpan RotateRetryDelay = TimeSpan.FromSeconds(1);

    private async Task Rotate(WriterMessage.Rotate message)
    {
        try
        {
            var reply = await _node.Zone.RotateRowsAsync(
                new Wire.RotateRowsRequest { Customer = _customer.Value, Fence = message.Fence }, Context.Stopping);
            if (reply.Rows.Count == 0)
            {
                Add(new Waiting(new Change.EndRotation(message.Epoch - 1), result => Next(message, result, isLast: true)));
                return;
            }

            Add(new Waiting(
                new Change.Rotation(reply.Receipt.Memory, [.. reply.Rows.Select(r => (new EntryKey(r.Type, r.Id), r.Statement.Memory))]),
                result => Next(message, result, isLast: false)));
        }
        catch (ZoneRefusedException refused) when (refused.Code is Codes.FenceStale)
        {
            _key.Tell(new CustomerKeyMessage.Deposed(message.Fence));
        }
        catch (ZoneException)
        {
            Context.StartTimer(RotateTimer, message, RotateRetryDelay);
        }
    }

    // Behind whatever is queued by now: people do not wait for a rotation.
    private void Next(WriterMessage.Rotate message, Result<ChangeDone> result, bool isLast)
    {
        if (result.Code is { } code)
        {
            Log.RotationWaits(_log, _customer, code);
            if (code is not (Codes.FenceStale or Codes.LockStands or Codes.CustomerLocked))
            {
                Context.StartTimer(RotateTimer, message, RotateRetryDelay);
            }
        }
        else if (!isLast)
        {
            Context.Self.Tell(message);
        }
    }
}
