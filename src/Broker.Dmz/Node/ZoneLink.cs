using Broker.Actors;
using Broker.Host.Health;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Zone;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Node;

/// <summary>What <c>/zone</c> understands.</summary>
internal abstract record ZoneLinkMessage
{
    private ZoneLinkMessage()
    {
    }

    /// <summary>Ask the zone who it is.</summary>
    public sealed record Describe : ZoneLinkMessage;
}

/// <summary>
/// Learns the zone's ledger key and verifies its certificate against the root: receipts are believed by that key alone. Asks
/// again now and then, so that a new key of the zone is known before long.
/// </summary>
internal sealed partial class ZoneLink(DmzContext node, NodeHealth health, ILogger log) : Actor<ZoneLinkMessage>
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(1);

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new ZoneLinkMessage.Describe());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(ZoneLinkMessage message)
    {
        var known = false;
        try
        {
            var reply = await node.Zone.DescribeAsync(new DescribeRequest(), Context.Stopping);
            known = Learn(reply);
            health.Report("zone", known, known ? "" : "the zone's ledger certificate is refused");
        }
        catch (ZoneException problem)
        {
            Log.Unreachable(log, problem.Code);
            health.Report("zone", node.Ledger.Key is not null, "the credential zone was not reached yet");
        }

        Context.StartTimer("describe", new ZoneLinkMessage.Describe(), known ? Refresh : Retry);
    }

    private bool Learn(DescribeReply reply)
    {
        if (reply.Cluster != node.Cluster.Value)
        {
            Log.Foreign(log, reply.Cluster);
            return false;
        }

        IReadOnlyList<ReadOnlyMemory<byte>> chain = [reply.LedgerCertificate.Memory];
        if (!SignedByCertificate.TryIdentify(chain, node.Trust, node.Time.GetUtcNow(), out var identity, out var refusal) ||
            identity.Role != LinkRole.Ledger)
        {
            Log.BadLedger(log, identity is null ? refusal.Code() : LinkRefusal.WrongRole.Code());
            return false;
        }

        if (!identity.Key.Equals(node.Ledger.Key))
        {
            node.Ledger.Set(identity.Key);
            Log.Known(log, reply.Node, identity.Name.Value);
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(2501, LogLevel.Information, "zone node {Node} reached, ledger key {Ledger} verified")]
        public static partial void Known(ILogger log, string node, string ledger);

        [LoggerMessage(2502, LogLevel.Warning, "the credential zone cannot be reached ({Code})")]
        public static partial void Unreachable(ILogger log, string code);

        [LoggerMessage(2503, LogLevel.Error, "the zone is of another cluster ({Cluster})")]
        public static partial void Foreign(ILogger log, string cluster);

        [LoggerMessage(2504, LogLevel.Error, "the zone's ledger certificate is refused ({Code})")]
        public static partial void BadLedger(ILogger log, string code);
    }
}
