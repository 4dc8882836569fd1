using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Host.Health;
using Broker.Links.Zone;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Custody;

/// <summary>
/// Unlocks without people: looks at this node's tokens, and in the zone for customers that this node owned last, that are locked here
/// without a lock standing, and whose wrap a token keeps; opens it there and gives it to the customer's key actor, which decides. Tokens
/// answer by messages, so that a token that hangs holds up nothing.
/// </summary>
internal sealed partial class WayOpener(
    DmzContext node, CustomerRegistry customers, CustodySettings settings, NodeHealth health, ILogger log) : Actor<WayOpenerMessage>
{
    private const uint Page = 500;
    private const int MostWaits = 8;

    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    private readonly Queue<OpeningLead> _leads = [];
    private readonly Dictionary<Name, ulong> _fences = [];
    private readonly Dictionary<Name, Digest> _tried = [];
    private int _looking;
    private int _waits = 1;
    private bool _opened;

    /// <summary>The health condition of a way. It does not count for readiness: the node serves what is unlocked.</summary>
    public static string Condition(Name way) => $"custody-{way}";

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new WayOpenerMessage.Look());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(WayOpenerMessage message)
    {
        switch (message)
        {
            case WayOpenerMessage.Look:
                Look();
                break;
            case WayOpenerMessage.Looked m:
                health.Advise(Condition(m.Way.Way), m.Way.Problem is null, m.Way.Problem?.Detail ?? "");
                if (--_looking == 0)
                {
                    await Scan();
                }

                break;
            case WayOpenerMessage.Opened m:
                Give(m);
                break;
            case WayOpenerMessage.Given m:
                await Told(m);
                break;
            default:
                Context.Unhandled(message);
                break;
        }
    }

    private void Look()
    {
        (_looking, _opened) = (settings.Ways.Count, false);
        foreach (var way in settings.Ways)
        {
            Context.PipeToSelf<TokenWay>(
                node.Tokens.LookAsync(way.Way),
                static seen => new WayOpenerMessage.Looked(seen),
                _ => new WayOpenerMessage.Looked(new TokenWay(way.Way, null, TokenProblem.Of(way.Way, Secrets.HsmFailure.Refused))));
        }
    }

    private async Task Scan()
    {
        var usable = node.Tokens.Ways.Where(static w => w.Key is not null && w.Problem is null).ToDictionary(static w => w.Way);
        try
        {
            var after = usable.Count == 0 ? null : "";
            while (after is not null)
            {
                var page = await node.Zone.ListCustomersAsync(
                    new Wire.ListCustomersRequest { After = after, Limit = Page }, Context.Stopping);
                foreach (var name in page.Customers)
                {
                    if (await TryConsider(name, usable) is { } lead)
                    {
                        _leads.Enqueue(lead);
                    }
                }

                after = page.Customers.Count == Page ? page.Customers[^1] : null;
            }
        }
        catch (ZoneException)
        {
            // What was found so far is opened; the rest when the zone answers again.
        }

        Next();
    }

    private async Task<OpeningLead?> TryConsider(string customer, Dictionary<Name, TokenWay> usable)
    {
        try
        {
            return await Consider(Name.Parse(customer), usable);
        }
        catch (Exception problem) when (
            problem is ZoneRefusedException or MalformedException or AskTimeoutException or ActorBusyException or ActorStoppedException)
        {
            // What is wrong with one customer keeps no other from being unlocked.
            return null;
        }
    }

    private async Task<OpeningLead?> Consider(Name customer, Dictionary<Name, TokenWay> usable)
    {
        var status = await Status(customer);
        if (status is not null and not { State: KeyState.Locked or KeyState.Unknown })
        {
            return null;
        }

        var state = await node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = customer.Value }, Context.Stopping);
        var custody = WireSigned.From(state.Custody);
        var record = custody.Read<CustodyRecord>();
        _fences.TryAdd(customer, state.Fence);
        var way = record.Ways.FirstOrDefault(w => w.Way.Kind == WayKind.Hsm && usable.TryGetValue(w.Way.Way, out var token) &&
            w.Way.Holders[0].Key.Equals(token.Key));
        if (way is null || state.LockGeneration > state.LiftedGeneration || !IsMine(customer, state))
        {
            return null;
        }

        var seen = Digest.Of([
            .. state.Custody.Statement.Span, .. state.Head.Statement.Span, .. BitConverter.GetBytes(state.Fence),
            .. BitConverter.GetBytes(state.LiftedGeneration)]);
        if (_tried.TryGetValue(customer, out var tried) && tried == seen && status?.LastFailure is { } failure && !MayPass(failure))
        {
            return null;
        }

        var refs = await customers.Find(customer, exists: true);
        return refs.Value is { } found ? new OpeningLead(found, WrapPlace.Of(record, way), custody, seen) : null;
    }

    private async Task<KeyStatus?> Status(Name customer) => customers.Known(customer) is { } known
        ? await known.Key.Ask<KeyStatus>(static reply => new CustomerKeyMessage.GetStatus(reply), KeyTimeout, Context.Stopping)
        : null;

    // Whoever else has claimed it, since this start or as another node, is not deposed by a node that nobody asked.
    private bool IsMine(Name customer, Wire.CustomerState state) => state.OwnerNode == node.Node.Value &&
        (state.Fence == _fences[customer] ||
            state.OwnerIncarnation.Span.SequenceEqual(node.Incarnation.Key.Fingerprint.ToArray()));

    private static bool MayPass(string code) =>
        code is Codes.ZoneUnavailable or Codes.WitnessUnavailable or Codes.Busy or Codes.FenceStale or Codes.TimedOut or Codes.LockStands;

    private void Next()
    {
        if (_leads.TryDequeue(out var lead))
        {
            Context.PipeToSelf<OpenedWrap>(
                node.Tokens.OpenAsync(lead.Place),
                opened => new WayOpenerMessage.Opened(lead, opened),
                _ => new WayOpenerMessage.Opened(lead, OpenedWrap.Not(TokenProblem.Of(lead.Place.Way, Secrets.HsmFailure.Refused))));
            return;
        }

        _waits = _opened ? 1 : Math.Min(2 * _waits, MostWaits);
        Context.StartTimer("look", new WayOpenerMessage.Look(), _waits * settings.LookEvery);
    }

    private void Give(WayOpenerMessage.Opened message)
    {
        var lead = message.Lead;
        if (message.Wrap.Record is not { } record)
        {
            Log.Refused(log, lead.Refs.Customer, lead.Place.Way, message.Wrap.Refused!.Code);
            Next();
            return;
        }

        _tried[lead.Refs.Customer] = lead.State;
        var taken = record.Take();
        Context.PipeToSelf<Result<KeyStatus>>(
            lead.Refs.Key.Ask<Result<KeyStatus>>(
                reply => new CustomerKeyMessage.GiveOpened(new Cargo<Secrets.WrapRecord>(taken), lead.Custody, Unattended: true, reply),
                KeyTimeout),
            result => new WayOpenerMessage.Given(lead, result),
            _ => new WayOpenerMessage.Given(lead, new Refused(Codes.Busy, "the customer's key is busy")));
    }

    private async Task Told(WayOpenerMessage.Given message)
    {
        var (customer, way) = (message.Lead.Refs.Customer, message.Lead.Place.Way);
        if (message.Result.Code is { } code)
        {
            Log.Refused(log, customer, way, code);
        }
        else
        {
            _opened = true;
            Log.Opened(log, customer, way);
            try
            {
                await node.Zone.ReportCustodyAsync(
                    new Wire.ReportCustodyRequest
                    {
                        Customer = customer.Value,
                        Principal = $"node/{node.Node}",
                        Event = CustodyEvent.Opened,
                        Subject = way.Value,
                    },
                    Context.Stopping);
            }
            catch (ZoneException)
            {
                // What is lost is the record; the claim that follows is in the ledger.
            }
        }

        Next();
    }

    private static partial class Log
    {
        [LoggerMessage(2611, LogLevel.Information, "customer {Customer}: opened by the token of way {Way}")]
        public static partial void Opened(ILogger log, Name customer, Name way);

        [LoggerMessage(2612, LogLevel.Warning, "customer {Customer}: not unlocked by the token of way {Way} ({Code})")]
        public static partial void Refused(ILogger log, Name customer, Name way, string code);
    }
}
