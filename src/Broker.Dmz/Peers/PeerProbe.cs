using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Transfer;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Peers;

/// <summary>Asks a peer who it is and has it prove that it lives.</summary>
internal static class PeerProbe
{
    /// <summary>How long a peer may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The incarnation that answers at the peer's address. A good answer is entered among those that live.</summary>
    public static async Task<Result<Incarnation>> Look(
        DmzContext node, PeerCaller peer, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var nonce = node.NewNonce();
        using var limit = new CancellationTokenSource(patience ?? Patience, node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var reply = await peer.DescribeAsync(
                new Wire.DescribeRequest { Nonce = ByteString.CopyFrom(nonce.ToArray()) }, either.Token);
            if (!VerifiedIncarnation.TryRead(
                node, PeerWires.From(reply.Incarnation), PeerWires.Certificates(reply.Certificates), out var incarnation, out var refused))
            {
                return refused;
            }

            var presence = PeerWires.From(reply.Presence);
            if (incarnation.Node != peer.Node || !presence.IsBy(incarnation.Key) ||
                presence.Read<Presence>() != new Presence(node.Cluster, incarnation.Node, incarnation.Key.Fingerprint, nonce))
            {
                return new Refused(TransferCodes.PossessionUnproven, "the peer does not prove that it is the incarnation that it names");
            }

            node.Peers.Live.Saw(incarnation.Node, incarnation.Key.Fingerprint);
            node.Peers.Saw(incarnation.Node, incarnation.Key.Fingerprint, reply.Leaving);
            return incarnation;
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }
        catch (ZoneException problem)
        {
            return new Refused(problem.Code, "the peer did not say who it is");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Refused(TransferCodes.PeerUnavailable, "the peer did not answer in time");
        }
    }
}
