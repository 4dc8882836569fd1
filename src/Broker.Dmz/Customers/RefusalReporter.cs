using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>What the reporter of refusals understands.</summary>
internal abstract record RefusalMessage
{
    private RefusalMessage()
    {
    }

    /// <summary>An authenticated principal was refused.</summary>
    /// <param name="Principal">Who, for instance <c>user/alice</c>.</param>
    /// <param name="Action">What was tried.</param>
    /// <param name="Code">Why not.</param>
    /// <param name="NotReported">How many refusals before this one found no place in the line.</param>
    public sealed record Report(string Principal, string Action, string Code, long NotReported) : RefusalMessage;
}

/// <summary>
/// Has the zone record who was refused, one after the other. The line is its own and bounded: whoever asks again and again for what it may
/// not have holds up nothing but the records of that.
/// </summary>
internal sealed partial class RefusalReporter(DmzContext node, Name customer, ILogger log) : Actor<RefusalMessage>
{
    /// <summary>Refusals that wait; those beyond are only counted, in the node's log.</summary>
    public const int Capacity = 1024;

    private static readonly TimeSpan BetweenLines = TimeSpan.FromMinutes(1);

    private long _notReported;
    private long? _toldAt;

    protected override async ValueTask Receive(RefusalMessage message)
    {
        if (message is not RefusalMessage.Report refusal)
        {
            Context.Unhandled(message);
            return;
        }

        _notReported += refusal.NotReported;
        if (_notReported > 0 && (_toldAt is not { } at || node.Time.GetElapsedTime(at) >= BetweenLines))
        {
            Log.NotReported(log, customer, _notReported);
            (_notReported, _toldAt) = (0, node.Time.GetTimestamp());
        }

        try
        {
            await node.Zone.ReportRefusalAsync(
                new Wire.ReportRefusalRequest
                {
                    Customer = customer.Value,
                    Principal = refusal.Principal,
                    Action = refusal.Action,
                    Code = refusal.Code,
                },
                Context.Stopping);
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException)
        {
            Log.NotRecorded(log, customer, refusal.Code);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2202, LogLevel.Warning, "customer {Customer}: {Count} refusals were not recorded: too many waited")]
        public static partial void NotReported(ILogger log, Name customer, long count);

        [LoggerMessage(2203, LogLevel.Warning, "customer {Customer}: the zone did not record a refusal ({Code})")]
        public static partial void NotRecorded(ILogger log, Name customer, string code);
    }
}
