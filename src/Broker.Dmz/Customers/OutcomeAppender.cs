using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Dmz.Requests;
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

    /// <summary>Append a signed outcome and tell who waits for it.</summary>
    public sealed record Append(
        Signed Outcome, string State, string Code, ulong Fence, ActorRef<ProvisioningMessage>? Provisioning) : OutcomeMessage;

    /// <summary>An authenticated principal was refused.</summary>
    public sealed record Refusal(string Principal, string Action, string Code) : OutcomeMessage;

    /// <summary>Find the open hand-offs of earlier incarnations.</summary>
    public sealed record Recover : OutcomeMessage;

    /// <summary>Append what has gathered.</summary>
    public sealed record Flush : OutcomeMessage;
}

/// <summary>
/// Appends the outcomes that the key actor signed, in order and many at a time, and keeps trying while the zone is away: an
/// outcome is lost only with the process, and then the journal's open hand-offs are settled again.
/// </summary>
internal sealed partial class OutcomeAppender : Actor<OutcomeMessage>
{
    private const int MaxBatch = 256;
    private const uint RecoverPage = 256;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly DmzContext _node;
    private readonly Name _customer;
    private readonly ActorRef<CustomerKeyMessage> _key;
    private readonly ILogger _log;
    private readonly Queue<OutcomeMessage.Append> _waiting = [];
    private bool _scheduled;

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
                Schedule();
                break;
            case OutcomeMessage.Flush:
                _scheduled = false;
                await Flush();
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

    private void Schedule()
    {
        if (!_scheduled)
        {
            _scheduled = true;
            Context.Self.Tell(new OutcomeMessage.Flush());
        }
    }

    private async Task Flush()
    {
        while (_waiting.Count > 0)
        {
            var fence = _waiting.Peek().Fence;
            var batch = _waiting.TakeWhile(w => w.Fence == fence).Take(MaxBatch).ToList();
            var refusals = new Dictionary<OutcomeMessage.Append, string>(ReferenceEqualityComparer.Instance);
            try
            {
                await Send(batch, fence, refusals);
            }
            catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException)
            {
                // Appending the same outcome again is harmless, so an unknown fate is tried again like a missing zone.
                Context.StartTimer("retry", new OutcomeMessage.Flush(), RetryDelay);
                _scheduled = true;
                return;
            }

            foreach (var done in batch)
            {
                _waiting.Dequeue();
                done.Provisioning?.Tell(refusals.TryGetValue(done, out var code)
                    ? new ProvisioningMessage.NotSealed(new Refused(code, "the zone did not take the outcome; ask for the hand-off's state"))
                    : new ProvisioningMessage.Ended(done.State, done.Code));
            }
        }
    }

    /// <summary>Appends all at once; where the zone refuses, one by one, so that each gets its own answer.</summary>
    private async Task Send(
        List<OutcomeMessage.Append> batch, ulong fence, Dictionary<OutcomeMessage.Append, string> refusals)
    {
        var request = new Wire.AppendOutcomeRequest { Customer = _customer.Value, Fence = fence };
        request.Outcomes.AddRange(batch.Select(b => WireSigned.To(b.Outcome)));
        try
        {
            await _node.Zone.AppendOutcomeAsync(request, Context.Stopping);
        }
        catch (ZoneRefusedException refused) when (batch.Count == 1)
        {
            Log.Refused(_log, _customer, batch[0].State, refused.Code);
            refusals[batch[0]] = refused.Code;
        }
        catch (ZoneRefusedException)
        {
            foreach (var single in batch)
            {
                await Send([single], fence, refusals);
            }
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
            Log.Refused(_log, _customer, "recover", refused.Code);
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
            Log.Refused(_log, _customer, "report", message.Code);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "customer {Customer}: the zone refused outcome {State} ({Code})")]
        public static partial void Refused(ILogger log, Name customer, string state, string code);
    }
}
