using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Looks through the records of committed requests, a page at a time, and proposes those whose time is over; the key actor
/// decides. A page costs one reading, and its removals one head.
/// </summary>
internal sealed partial class CustomerWriter
{
    private const string ForgetTimer = "forget";
    private const uint ForgetPage = 256;

    private static readonly TimeSpan ForgetPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(5);

    private string _forgottenUpTo = "";

    private async Task Forget(bool fromTheStart)
    {
        var pause = ForgetEvery;
        _forgottenUpTo = fromTheStart ? "" : _forgottenUpTo;
        try
        {
            var page = await _node.Zone.ListEntriesAsync(
                new Wire.ListEntriesRequest
                {
                    Customer = _customer.Value,
                    Type = EntryKey.RequestType,
                    After = _forgottenUpTo,
                    Limit = ForgetPage,
                },
                Context.Stopping);
            var now = _node.Time.GetUtcNow();
            var over = page.Entries.Where(e => IsOver(e, now)).Select(e => new EntryKey(e.Type, e.Id)).ToList();
            if (over.Count > 0)
            {
                Add(new Waiting(new Change.Forget(over), static _ => { }));
            }

            _forgottenUpTo = page.Entries.Count > 0 ? page.Entries[^1].Id : "";
            pause = page.Entries.Count > 0 ? ForgetPause : ForgetEvery;
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException)
        {
            // Nothing hangs on it: what stays is looked at the next time.
        }

        Context.StartTimer(ForgetTimer, new WriterMessage.Forget(FromTheStart: false), pause);
    }

    private static bool IsOver(Wire.Entry entry, DateTimeOffset now)
    {
        try
        {
            return Statement.Read<RequestRecord>(entry.Statement.Span).KeptUntil < now;
        }
        catch (MalformedException)
        {
            return false;
        }
    }
}
