using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Customers;

/// <summary>
/// Requests whose change this incarnation has committed, for as long as they could be believed again: without it who brings an
/// old request, and does not tell the zone which one it was, undoes what came after. Beyond the bound the oldest are forgotten.
/// </summary>
internal sealed class CommittedRequests
{
    private const int Capacity = 262_144;

    private static readonly TimeSpan Life = RequestVerifier.MaxLife + (2 * RequestVerifier.ClockSkew);

    private readonly HashSet<Digest> _known = [];
    private readonly Queue<(Digest Request, DateTimeOffset Until)> _order = [];

    /// <summary>The request of a change; null for one that the key actor asks for itself.</summary>
    public static Digest? Of(Change change) => change switch
    {
        Change.ByUser c => c.Request.Hash,
        Change.Enrolment c => c.Invitation.Hash,
        _ => null,
    };

    public bool Contains(Change change) => Of(change) is { } request && _known.Contains(request);

    public void Add(Digest request, DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && (oldest.Until < now || _order.Count >= Capacity))
        {
            _known.Remove(_order.Dequeue().Request);
        }

        if (_known.Add(request))
        {
            _order.Enqueue((request, now + Life));
        }
    }
}
