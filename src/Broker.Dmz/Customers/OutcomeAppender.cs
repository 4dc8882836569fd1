using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>What the appender of outcomes understands.</summary>
internal abstract record OutcomeMessage
{
    private OutcomeMessage()
    {
    }

    /// <summary>Append outcomes that the key actor signed, and tell it when they stand or are refused.</summary>
    public sealed record Append(long Id, Signed Outcomes, ulong Fence) : OutcomeMessage;

    /// <summary>Find the open hand-offs of earlier incarnations.</summary>
    public sealed record Recover(ulong Fence) : OutcomeMessage;

    /// <summary>
    /// If another claim came after this fence, or a lock stands over it, the key actor is told; if none came, where that ends its yield.
    /// </summary>
    public sealed record AskOwner(ulong Fence, bool EndsYield = false) : OutcomeMessage;

    /// <summary>If the journal has this hand-off open, the key actor is told as if an earlier incarnation had left it.</summary>
    public sealed record Find(Id16 HandOff, ulong Fence) : OutcomeMessage;

    /// <summary>Try again what could not be appended.</summary>
    public sealed record Retry : OutcomeMessage;
}

/// <summary>
/// Appends the outcomes that the key actor signed, in order, and keeps trying while the zone is away: an outcome is lost only
/// with the process, and then the journal's open hand-offs are settled again.
/// </summary>
internal sealed partial class OutcomeAppender : Actor<OutcomeMessage>
{
    private const uint RecoverPage = 256;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    // Whoever launched waits for the outcome, and another node of the zone is there at once.
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(25);

    private readonly DmzContext _node;
    private readonly Name _customer;
    private readonly ActorRef<CustomerKeyMessage> _key;
    private readonly ILogger _log;
    private readonly Queue<OutcomeMessage.Append> _waiting = [];
    private int _failures;

    public OutcomeAppender(DmzContext node, Name customer, ActorRef<CustomerKeyMessage> key, ILogger log)
    {
        _node = node;
        _customer = customer;
        _key = key;
        _log = log;
    }

    protected override async ValueTask Receive(OutcomeMessage message)
    {
        switch (message)
        {
            case OutcomeMessage.Append m:
                _waiting.Enqueue(m);
                if (_waiting.Count == 1)
                {
                    await AppendWaiting();
                }

                break;
            case OutcomeMessage.Retry:
                await AppendWaiting();
                break;
            case OutcomeMessage.AskOwner m:
                await AskOwner(m);
                break;
            case OutcomeMessage.Find m:
                await Find(m);
                break;
            case OutcomeMessage.Recover m:
                await Recover(m);
                break;
            default:
                Context.Unhandled(message);
                break;
        }
    }

    private async Task AppendWaiting()
    {
        while (_waiting.TryPeek(out var next))
        {
            string? refusal = null;
            Wire.HandOff? stands = null;
            try
            {
                await _node.Zone.AppendOutcomeAsync(
                    new Wire.AppendOutcomeRequest
                    {
                        Customer = _customer.Value,
                        Fence = next.Fence,
                        Outcomes = WireSigned.To(next.Outcomes),
                    },
                    Context.Stopping);
            }
            catch (ZoneRefusedException refused)
            {
                Log.Refused(_log, _customer, "append outcomes", refused.Code);
                refusal = refused.Code;
                stands = await Standing(next, refused.Code);
            }
            catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException or MalformedException)
            {
                // Appending the same outcomes again is harmless, so an unknown fate is tried again like a missing zone.
                var delay = FirstRetry * (1 << Math.Min(_failures++, 8));
                Context.StartTimer("retry", new OutcomeMessage.Retry(), delay < RetryDelay ? delay : RetryDelay);
                return;
            }

            _failures = 0;
            _waiting.Dequeue();
            if (refusal == Codes.FenceStale)
            {
                // Whoever owns the customer next finds the hand-offs open in the journal.
                _key.Tell(new CustomerKeyMessage.Deposed(next.Fence));
            }

            _key.Tell(new CustomerKeyMessage.Appended(next.Id, refusal, stands));
        }
    }

    /// <summary>How the hand-off of a single outcome stands where the zone has it at another attempt; null otherwise.</summary>
    private async Task<Wire.HandOff?> Standing(OutcomeMessage.Append append, string refusal)
    {
        if (refusal != Codes.WrongAttempt || append.Outcomes.Read<Outcomes>().Items is not [var outcome])
        {
            return null;
        }

        try
        {
            return await HandOff(outcome.HandOff);
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException)
        {
            // Not known: the key actor has it looked up.
            return null;
        }
    }

    private async Task Recover(OutcomeMessage.Recover message)
    {
        try
        {
            var request = new Wire.ListHandOffsRequest { Customer = _customer.Value, OpenOnly = true, Limit = RecoverPage };
            while (true)
            {
                var page = await _node.Zone.ListHandOffsAsync(request, Context.Stopping);
                // What was released under the owner's own fence is on its way to it.
                _key.Tell(new CustomerKeyMessage.Recover(
                    [.. page.HandOffs.Where(h => h.Fence < message.Fence)], message.Fence, IsLast: page.HandOffs.Count == 0));
                if (page.HandOffs.Count == 0)
                {
                    return;
                }

                request.After = page.HandOffs[^1].HandOff_;
            }
        }
        catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException or MalformedException)
        {
            Context.StartTimer("recover", message, RetryDelay);
        }
        catch (ZoneRefusedException refused)
        {
            Log.Refused(_log, _customer, "list open hand-offs", refused.Code);
            Context.StartTimer("recover", message, RetryDelay);
        }
    }

    private async Task AskOwner(OutcomeMessage.AskOwner message)
    {
        try
        {
            var state = await _node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = _customer.Value }, Context.Stopping);
            if (state.Fence > message.Fence)
            {
                _key.Tell(new CustomerKeyMessage.Deposed(message.Fence));
            }
            else if (state.Fence == message.Fence && state.LockGeneration > state.LiftedGeneration)
            {
                _key.Tell(new CustomerKeyMessage.LockStands(message.Fence, state.LockGeneration));
            }
            else if (message.EndsYield)
            {
                _key.Tell(new CustomerKeyMessage.YieldCheck(message.Fence, NobodyCame: true));
            }
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException)
        {
            // Asked again with the next head that is not known.
        }
    }

    private async Task Find(OutcomeMessage.Find message)
    {
        try
        {
            var found = await HandOff(message.HandOff);
            if (found.State == HandOffState.Released)
            {
                _key.Tell(new CustomerKeyMessage.Recover([found], message.Fence, IsLast: false));
            }
        }
        catch (ZoneRefusedException)
        {
            // Nothing was released.
        }
        catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException or MalformedException)
        {
            Context.StartTimer(message.HandOff, message, RetryDelay);
        }
    }

    private Task<Wire.HandOff> HandOff(Id16 handOff) => _node.Zone.GetHandOffAsync(
        new Wire.GetHandOffRequest { Customer = _customer.Value, HandOff = ByteString.CopyFrom(handOff.ToArray()) }, Context.Stopping);

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "customer {Customer}: the zone refused to {What} ({Code})")]
        public static partial void Refused(ILogger log, Name customer, string what, string code);
    }
}
