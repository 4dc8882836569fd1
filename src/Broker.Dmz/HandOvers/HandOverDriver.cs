using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Requests;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.HandOvers;

/// <summary>
/// <c>/customers/{customer}/hand-overs</c>: finds the orders under the head and the agents that hold what they replace, and makes a
/// hand-off for each that is connected, as a launch does. It decides nothing and remembers nothing that a restart would miss: what
/// is under way stands under the head, what was done in the journal. An order ends when each holder's hand-off has, or with its time.
/// </summary>
internal sealed partial class HandOverDriver(DmzContext node, CustomerRefs refs, ILogger log) : Actor<HandOverMessage>
{
    private const uint PageSize = 256;
    private const int MaxRunning = 16;
    private const string LookTimer = "look";

    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Dictionary<Name, OpenOrder> _orders = [];
    private TimeSpan _pause = ShortestPause;

    // While an order is open, or the zone could not be asked: what was not heard may be one.
    private bool _waits;

    // A hand-off that fails is settled from the journal, as any launch.
    protected override SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Stopping;

    protected override async ValueTask Receive(HandOverMessage message)
    {
        switch (message)
        {
            case HandOverMessage.Look:
                await Look();
                break;
            case HandOverMessage.AgentHere when _waits:
                _pause = ShortestPause;
                await Look();
                break;
            case HandOverMessage.AgentHere:
                break;
            case HandOverMessage.Ended m:
                await OnEnded(m);
                break;
            case HandOverMessage.Closed m:
                OnClosed(m);
                break;
            default:
                Context.Unhandled(message);
                break;
        }
    }

    private async Task Look()
    {
        Context.CancelTimer(LookTimer);
        _waits = true;
        try
        {
            var status = await refs.Key.Ask<KeyStatus>(r => new CustomerKeyMessage.GetStatus(r), KeyTimeout, Context.Stopping);
            if (status.State != KeyState.Unlocked)
            {
                // Whoever unlocks it has this looked at again.
                _orders.Clear();
                _waits = false;
                return;
            }

            await ReadOrders();
            _waits = _orders.Count > 0;
            if (_waits)
            {
                await HandOver();
            }
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException or AskTimeoutException)
        {
            Log.Waits(log, refs.Customer);
        }

        if (_waits)
        {
            Context.StartTimer(LookTimer, new HandOverMessage.Look(), _pause);
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }
    }

    private async Task ReadOrders()
    {
        var found = new List<OpenOrder>();
        var request = new Wire.ListEntriesRequest { Customer = refs.Customer.Value, Type = EntryKey.HandOverType, Limit = PageSize };
        while (true)
        {
            var page = await node.Zone.ListEntriesAsync(request, Context.Stopping);
            found.AddRange(page.Entries.Select(static e => OpenOrder.Read(e.Statement.Span)).OfType<OpenOrder>());
            if (!page.More || page.Entries.Count == 0)
            {
                break;
            }

            request.After = page.Entries[^1].Id;
        }

        foreach (var gone in _orders.Keys.Except(found.Select(static o => o.Order.Credential)).ToList())
        {
            _orders.Remove(gone);
        }

        foreach (var order in found)
        {
            if (!_orders.TryGetValue(order.Order.Credential, out var known) || known.Order.Counter != order.Order.Counter)
            {
                _orders[order.Order.Credential] = order;
                _pause = ShortestPause;
                Log.Begins(log, refs.Customer, order.Order.Credential, order.Order.Version);
            }
        }
    }

    private async Task HandOver()
    {
        var here = await refs.Key.Ask<ConnectedHolders>(r => new CustomerKeyMessage.WhoIsHere(r), KeyTimeout, Context.Stopping);
        var waits = new HashSet<Name>();
        var request = new Wire.ListHandOffsRequest { Customer = refs.Customer.Value, OpenOnly = true, Limit = PageSize };
        while (true)
        {
            var page = await node.Zone.ListHandOffsAsync(request, Context.Stopping);
            foreach (var found in page.HandOffs)
            {
                foreach (var order in _orders.Values.Where(static o => !o.IsClosing))
                {
                    if (order.Find(found) is { } holder && !order.IsOver(holder.HandOff))
                    {
                        waits.Add(order.Order.Credential);
                        Begin(order, holder, here);
                    }
                }
            }

            if (page.HandOffs.Count == 0 || !page.More)
            {
                break;
            }

            request.After = page.HandOffs[^1].HandOff_;
        }

        foreach (var order in _orders.Values.ToList())
        {
            if (!waits.Contains(order.Order.Credential) && order.Running == 0)
            {
                Close(order, "done");
            }
            else if (order.Order.NotAfter < node.Time.GetUtcNow())
            {
                Close(order, "time");
            }
        }
    }

    private void Begin(OpenOrder order, Holder holder, ConnectedHolders here)
    {
        if (!holder.IsOpen || !here.Agents.Contains(holder.Agent) || order.Order.NotAfter < node.Time.GetUtcNow() ||
            _orders.Values.Sum(static o => o.Running) >= MaxRunning || order.Begin(holder.HandOff) is not { } round)
        {
            return;
        }

        var made = LaunchOrder.Read(order.Request, holder.Launch(order.Order, round).Encode());
        var waiters = new LaunchWaiters();
        var (credential, counter, replaces) = (order.Order.Credential, order.Order.Counter, holder.HandOff);
        Context.Spawn(
            Props<ProvisioningMessage>.Of(() => new ProvisioningRequest(node, made, refs, waiters)), $"{made.HandOff}");
        Context.PipeToSelf(
            waiters.WhenEnded,
            result => new HandOverMessage.Ended(credential, counter, replaces, result),
            _ => new HandOverMessage.Ended(credential, counter, replaces, new Refused(Codes.Internal, "")));
    }

    private async Task OnEnded(HandOverMessage.Ended message)
    {
        if (!_orders.TryGetValue(message.Credential, out var order) || order.Order.Counter != message.Counter)
        {
            return;
        }

        var refusal = order.End(message.Replaces, message.Result);
        if (refusal == Codes.HandOverEnded)
        {
            Close(order, refusal);
        }
        else if (refusal is not null)
        {
            await Report(order, refusal);
        }

        // The next holder, or the end.
        _pause = ShortestPause;
        Context.StartTimer(LookTimer, new HandOverMessage.Look(), _pause);
    }

    private void Close(OpenOrder order, string why)
    {
        if (order.IsClosing)
        {
            return;
        }

        order.IsClosing = true;
        Log.Ends(log, refs.Customer, order.Order.Credential, order.Order.Version, why);
        var credential = order.Order.Credential;
        Context.PipeToSelf(
            refs.Key.Ask<Result<ChangeDone>>(
                r => new CustomerKeyMessage.Submit(new Change.EndHandOver(credential, order.Order.Counter), r), KeyTimeout,
                Context.Stopping),
            result => new HandOverMessage.Closed(credential, result),
            _ => new HandOverMessage.Closed(credential, new Refused(Codes.TimedOut, "")));
    }

    private void OnClosed(HandOverMessage.Closed message)
    {
        if (_orders.TryGetValue(message.Credential, out var order))
        {
            // Looked at again: where it was not ended, its end is asked for again.
            order.IsClosing = false;
        }

        Context.StartTimer(LookTimer, new HandOverMessage.Look(), _pause);
    }

    // No intent stands for what the zone refused, so the refusal is what there is to tell.
    private async Task Report(OpenOrder order, string code)
    {
        try
        {
            await node.Zone.ReportRefusalAsync(
                new Wire.ReportRefusalRequest
                {
                    Customer = refs.Customer.Value,
                    Principal = $"user/{order.Request.Signatures[0].User}",
                    Action = UserAction.PromoteVersion.Name,
                    Code = code,
                },
                Context.Stopping);
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException)
        {
            Log.Waits(log, refs.Customer);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2501, LogLevel.Information, "customer {Customer}: handing over {Credential}, version {Version}")]
        public static partial void Begins(ILogger log, Name customer, Name credential, uint version);

        [LoggerMessage(2502, LogLevel.Information, "customer {Customer}: the hand-over of {Credential}, version {Version}, ends ({Why})")]
        public static partial void Ends(ILogger log, Name customer, Name credential, uint version, string why);

        [LoggerMessage(2503, LogLevel.Warning, "customer {Customer}: hand-overs wait for the zone")]
        public static partial void Waits(ILogger log, Name customer);
    }
}
