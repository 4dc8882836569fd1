using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Peers;

/// <summary>What <c>/intake</c> understands.</summary>
internal abstract record PeerIntakeMessage
{
    private PeerIntakeMessage()
    {
    }

    /// <summary>People vouch for this start of the node: ask for what it does not hold.</summary>
    public sealed record Admitted(Admission Admission, ReplyTo<Result<TakenIn>> ReplyTo) : PeerIntakeMessage;

    /// <summary>A node that leaves wants this one to hold a customer that nobody else does.</summary>
    public sealed record Wanted(Name Customer, ReplyTo<Result<TakenIn>> ReplyTo) : PeerIntakeMessage;

    /// <summary>Ask again for what it does not hold.</summary>
    public sealed record Again : PeerIntakeMessage;
}

/// <summary>What asking has brought.</summary>
/// <param name="Held">Customers that were handed over.</param>
/// <param name="Refused">Customers that were not, each with the code of the owner's refusal.</param>
internal sealed record TakenIn(IReadOnlyList<Name> Held, IReadOnlyList<(Name Customer, string Code)> Refused);

/// <summary>
/// Asks the owners of customers that this node does not hold, with the admission that it has: at once when people have vouched for it,
/// and again every half minute, since owners come and customers are unlocked later.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="fetcher">Brings them.</param>
/// <param name="wants">Whether this node is to hold a customer; null: every one.</param>
internal sealed class PeerIntake(DmzContext node, PeerFetcher fetcher, Func<Name, bool>? wants = null) : Actor<PeerIntakeMessage>
{
    private const uint Page = 1000;

    // Each waits for its owner and for the ledger most of the time.
    private const int AtOnce = 16;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private Admission? _admission = node.Peers.Policy.IsAuto ? Admission.Auto : null;

    protected override ValueTask PreStart()
    {
        if (_admission is not null)
        {
            Context.Self.Tell(new PeerIntakeMessage.Again());
        }

        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(PeerIntakeMessage message)
    {
        switch (message)
        {
            case PeerIntakeMessage.Wanted m:
                m.ReplyTo.Tell(await Hold(m.Customer));
                return;
            case PeerIntakeMessage.Again when node.Drain.IsOn:
                return;
            case PeerIntakeMessage.Admitted m:
                _admission = m.Admission;
                m.ReplyTo.Tell(await Collect(m.Admission));
                break;
            case PeerIntakeMessage.Again when _admission is { } admission:
                await Collect(admission);
                break;
            case PeerIntakeMessage.Again:
                // Nobody has vouched for this start of the node yet.
                return;
            default:
                Context.Unhandled(message);
                break;
        }

        Context.StartTimer("again", new PeerIntakeMessage.Again(), Interval);
    }

    private async Task<Result<TakenIn>> Hold(Name customer)
    {
        if (IsHeld(customer))
        {
            return new TakenIn([customer], []);
        }

        if (_admission is not { } admission)
        {
            return new Refused(AdmissionRefusal.Needed, "nobody vouches for this start of the node; it collects by tickets only");
        }

        try
        {
            return await Ask(customer, admission) is not { } result
                ? new Refused(TransferCodes.PeerUnknown, "the zone names no peer of this node as the customer's owner")
                : result.Code is { } code ? new Refused(code, result.Detail!) : new TakenIn([customer], []);
        }
        catch (ZoneRefusedException refused)
        {
            return new Refused(refused.Code, refused.Detail);
        }
        catch (Exception problem) when (problem is ZoneException or Protocol.Encoding.MalformedException or AskTimeoutException)
        {
            return new Refused(Codes.ZoneUnavailable, "the credential zone does not answer");
        }
    }

    private bool IsHeld(Name customer) => node.Held.Find(customer) is { State: not (KeyState.Locked or KeyState.Unknown) };

    private async Task<Result<TakenIn>> Collect(Admission admission)
    {
        var held = new List<Name>();
        var refused = new List<(Name, string)>();
        var after = "";
        try
        {
            while (true)
            {
                var page = await node.Zone.ListCustomersAsync(
                    new Wire.ListCustomersRequest { After = after, Limit = Page }, Context.Stopping);
                foreach (var some in page.Customers.Select(Name.Parse).Chunk(AtOnce))
                {
                    var results = await Task.WhenAll(some.Select(c => Take(c, admission)));
                    held.AddRange(some.Where((_, i) => results[i] is { Code: null }));
                    refused.AddRange(some.Zip(results).Where(static t => t.Second?.Code is not null)
                        .Select(static t => (t.First, t.Second!.Value.Code!)));
                }

                if (page.Customers.Count < Page)
                {
                    return new TakenIn(held, refused);
                }

                after = page.Customers[^1];
            }
        }
        catch (Exception problem) when (problem is ZoneException or Protocol.Encoding.MalformedException or AskTimeoutException)
        {
            return new Refused(Codes.ZoneUnavailable, "the credential zone does not answer; what came before is held");
        }
    }

    /// <summary>Null where there is nothing to ask for, or nobody to ask.</summary>
    private Task<Result<KeyStatus>?> Take(Name customer, Admission admission) =>
        wants?.Invoke(customer) == false || IsHeld(customer) ? Task.FromResult<Result<KeyStatus>?>(null) : Ask(customer, admission);

    private async Task<Result<KeyStatus>?> Ask(Name customer, Admission admission)
    {
        var state = await node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = customer.Value }, Context.Stopping);
        return node.Peers.Find(Name.Parse(state.OwnerNode)) is { } owner
            ? await fetcher.Fetch(customer, owner, admission, null, Context.Stopping)
            : default(Result<KeyStatus>?);
    }
}
