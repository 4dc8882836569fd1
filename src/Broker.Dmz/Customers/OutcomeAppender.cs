using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
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

    /// <summary>An authenticated principal was refused.</summary>
    public sealed record Refusal(string Principal, string Action, string Code) : OutcomeMessage;

    /// <summary>Find the open hand-offs of earlier incarnations.</summary>
    public sealed record Recover : OutcomeMessage;

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

    private readonly DmzContext _node;
    private readonly Name _customer;
    private readonly ActorRef<CustomerKeyMessage> _key;
    private readonly ILogger _log;
    private readonly Queue<OutcomeMessage.Append> _waiting = [];

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
            case OutcomeMessage.Recover:
                await Recover();
                break;
            case OutcomeMessage.Refusal m:
                await Report(m);
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
            }
            catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException)
            {
                // Appending the same outcomes again is harmless, so an unknown fate is tried again like a missing zone.
                Context.StartTimer("retry", new OutcomeMessage.Retry(), RetryDelay);
                return;
            }

            _waiting.Dequeue();
            _key.Tell(new CustomerKeyMessage.Appended(next.Id, refusal));
        }
    }

    private async Task Recover()
    {
        try
        {
            var request = new Wire.ListHandOffsRequest { Customer = _customer.Value, OpenOnly = true, Limit = RecoverPage };
            while (true)
            {
                var page = await _node.Zone.ListHandOffsAsync(request, Context.Stopping);
                _key.Tell(new CustomerKeyMessage.Recover([.. page.HandOffs], IsLast: page.HandOffs.Count == 0));
                if (page.HandOffs.Count == 0)
                {
                    return;
                }

                request.After = page.HandOffs[^1].HandOff_;
            }
        }
        catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException)
        {
            Context.StartTimer("recover", new OutcomeMessage.Recover(), RetryDelay);
        }
        catch (ZoneRefusedException refused)
        {
            Log.Refused(_log, _customer, "list open hand-offs", refused.Code);
            Context.StartTimer("recover", new OutcomeMessage.Recover(), RetryDelay);
        }
    }

    private async Task Report(OutcomeMessage.Refusal message)
    {
        try
        {
            await _node.Zone.ReportRefusalAsync(
                new Wire.ReportRefusalRequest
                {
                    Customer = _customer.Value,
                    Principal = message.Principal,
                    Action = message.Action,
                    Code = message.Code,
                },
                Context.Stopping);
        }
        catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException or ZoneRefusedException)
        {
            Log.Refused(_log, _customer, "record a refusal", message.Code);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "customer {Customer}: the zone refused to {What} ({Code})")]
        public static partial void Refused(ILogger log, Name customer, string what, string code);
    }
}
