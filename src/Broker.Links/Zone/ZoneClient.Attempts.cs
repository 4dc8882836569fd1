using System.Net;
using Broker.Links.Versions;
using Broker.Protocol.Encoding;
using Google.Protobuf;

namespace Broker.Links.Zone;

// One attempt at one node, and what is learnt of the node from it.
public sealed partial class ZoneClient
{
    // Refusals that are about the node that gives them, and not about what was asked: nothing was done, and another may do it.
    private static readonly string[] OfTheNode = ["store-failed", ZoneFailed];

    // No reply: the next node may be asked, since the call certainly had no effect, changes nothing, or may be done twice; the last by an
    // unknown outcome as the cause.
    private async Task<(TReply? Reply, Exception? Cause)> TryAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, ZoneNode node, bool isLast, byte[] body,
        CancellationToken deadline, CancellationToken caller)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        using var limit = new CancellationTokenSource(
            isLast ? Timeout.InfiniteTimeSpan
                : operation.ReadOnly ? _options.ReadTimeout
                : operation.Repeatable ? _options.RepeatAfter
                : Timeout.InfiniteTimeSpan,
            _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, deadline);
        var sent = false;
        node.Begin();
        try
        {
            var reply = await SendAsync(operation, node, body, () => sent = true, either.Token).ConfigureAwait(false);
            node.Answered();
            return (reply, null);
        }
        catch (ZoneUnavailableException e) when (OfTheNode.Contains(e.Code))
        {
            node.Failed();
            return (default, e);
        }
        catch (ZoneRefusedException e) when (e.Code == LinkVersion.TooFar)
        {
            // Nothing was done, and a node of another version may do it.
            node.Answered();
            return (default, e);
        }
        catch (ZoneUnknownOutcomeException e) when (operation.Repeatable)
        {
            node.Failed();
            return (default, e);
        }
        catch (ZoneUnknownOutcomeException)
        {
            node.Failed();
            throw;
        }
        catch (ZoneException)
        {
            node.Answered();
            throw;
        }
        catch (OperationCanceledException) when (caller.IsCancellationRequested)
        {
            // That says nothing of the node.
            throw;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or MalformedException)
        {
            node.Failed();
            if (!sent || operation.ReadOnly || NeverSent(e))
                return (default, e);
            var unknown = new ZoneUnknownOutcomeException($"the zone did not answer {operation.Name}: it may have been executed", e);
            return operation.Repeatable ? (default, unknown) : throw unknown;
        }
        finally
        {
            node.End();
        }
    }

    // Nodes that are left out get no call of anybody's to try them with; any answer of a server with the zone's certificate shows that one
    // lives. Calls are what brings this on: while there are none, nobody needs to know.
    private void Probe(IReadOnlyList<ZoneNode> nodes, ZoneNode except)
    {
        if (nodes.Count == 1)
            return;
        foreach (var node in nodes)
        {
            if (node != except && node.TryBeginProbe())
                _ = ProbeAsync(node);
        }
    }

    private async Task ProbeAsync(ZoneNode node)
    {
        var lives = false;
        try
        {
            using var deadline = new CancellationTokenSource(_options.SuspectAfter, _time);
            using var message = new HttpRequestMessage(HttpMethod.Get, node.Address)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, deadline.Token)
                .ConfigureAwait(false);
            lives = true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It does not, or the client is closed.
        }

        node.Probed(lives);
    }
}
