using Broker.Actors;
using Broker.Host.Health;
using Broker.Links.Identity;
using Broker.Links.Versions;
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
/// Learns the zone's ledger key and verifies its certificate against the root: receipts are believed by that key alone. Asks each second,
/// so that a new key is known, and readiness is true, before long: a zone that is gone is told within 2 s, one that hangs within 6 s.
/// </summary>
internal sealed partial class ZoneLink(DmzContext node, NodeHealth health, ILogger log) : Actor<ZoneLinkMessage>
{
    /// <summary>Answers missed in a row before the node says that it is not ready: a busy zone may miss one.</summary>
    internal const int MostMissed = 2;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // What a zone node answers of which the database cannot be used: where all do, no other one was found.
    private const string NoDatabase = "store-failed";
    private const string NotReached = "the credential zone was not reached yet";

    private int _missed;
    private bool _isFar;

    /// <summary>Says that the zone was not reached yet, before the node starts: what nobody has asked yet is not good.</summary>
    internal static void Expect(NodeHealth health) => health.Report("zone", false, NotReached);

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new ZoneLinkMessage.Describe());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(ZoneLinkMessage message)
    {
        var known = false;
        using var limit = new CancellationTokenSource(Patience, node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, Context.Stopping);
        try
        {
            var reply = await node.Zone.DescribeAsync(new DescribeRequest(), either.Token);
            known = Learn(reply);
            _missed = 0;
            var isNear = node.Zone.IsNear;
            if (!isNear && !_isFar)
            {
                Log.TooFar(log, reply.Node, LinkVersion.Current);
            }

            _isFar = !isNear;
            health.Report("zone", known && isNear, !known ? "the zone's ledger certificate is refused"
                : isNear ? "" : "the zone's version of the link is more than one away; upgrade one at a time");
        }
        catch (ZoneException problem)
        {
            Missed(problem.Code);
        }
        catch (OperationCanceledException) when (!Context.Stopping.IsCancellationRequested)
        {
            Missed("no-answer");
        }

        Context.StartTimer("describe", new ZoneLinkMessage.Describe(), known ? Refresh : Retry);
    }

    private void Missed(string code)
    {
        if (++_missed == MostMissed)
        {
            Log.Unreachable(log, code);
        }

        if (_missed >= MostMissed || node.Ledger.Key is null)
        {
            health.Report("zone", false, (node.Ledger.Key, code) switch
            {
                (_, NoDatabase) => "no node of the credential zone has a database that takes writes",
                (null, _) => NotReached,
                _ => "the credential zone does not answer",
            });
        }
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

        [LoggerMessage(2505, LogLevel.Error,
            "no node of the zone, {Node} among them, is within one of this node's version {Version} of the link; upgrade one at a time")]
        public static partial void TooFar(ILogger log, string node, uint version);
    }
}
