using System.Collections.Concurrent;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Draining;

/// <summary>A peer that answered.</summary>
/// <param name="Peer">The way to it.</param>
/// <param name="Incarnation">Its start.</param>
internal sealed record Companion(PeerCaller Peer, Digest Incarnation);

/// <summary>
/// The peers that a node which leaves can count on: those that answer and do not leave themselves. One that hangs costs its patience once,
/// not once for each customer.
/// </summary>
internal sealed class DrainCompany
{
    /// <summary>How long a peer may take for one thing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly DmzContext _node;
    private readonly TimeSpan _patience;
    private readonly IReadOnlyList<Companion> _answered;
    private readonly ConcurrentDictionary<Name, bool> _hangs;

    private DrainCompany(
        DmzContext node, TimeSpan patience, IReadOnlyList<Companion> answered, ConcurrentDictionary<Name, bool> hangs) =>
        (_node, _patience, _answered, _hangs) = (node, patience, answered, hangs);

    /// <summary>Those that have not been late until now.</summary>
    public IReadOnlyList<Companion> Present => [.. _answered.Where(c => !_hangs.ContainsKey(c.Peer.Node))];

    /// <summary>Asks every peer whether it lives, all at the same time.</summary>
    public static Task<DrainCompany> Look(DmzContext node, CancellationToken cancellation, TimeSpan? patience = null) =>
        Look(node, patience ?? Patience, new(), cancellation);

    /// <summary>Asks again; who was late is not asked any more.</summary>
    public Task<DrainCompany> LookAgain(CancellationToken cancellation) => Look(_node, _patience, _hangs, cancellation);

    /// <summary>Asks a peer for something.</summary>
    /// <returns>Its answer, or why there is none.</returns>
    public async Task<Result<T>> Ask<T>(PeerCaller peer, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
        where T : class
    {
        if (_hangs.ContainsKey(peer.Node))
        {
            return Hangs;
        }

        using var limit = new CancellationTokenSource(_patience, _node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await call(either.Token);
        }
        catch (ZoneRefusedException refused)
        {
            return new Refused(refused.Code, refused.Detail);
        }
        catch (ZoneException problem)
        {
            return new Refused(problem.Code, "the peer did not answer well");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            _hangs[peer.Node] = true;
            return Hangs;
        }
    }

    private static Refused Hangs { get; } = new(TransferCodes.PeerUnavailable, "the peer does not answer in time");

    private static async Task<DrainCompany> Look(
        DmzContext node, TimeSpan patience, ConcurrentDictionary<Name, bool> hangs, CancellationToken cancellation)
    {
        var found = await Task.WhenAll(node.Peers.Others.ToArray().Where(p => !hangs.ContainsKey(p.Node)).Select(
            async p => (Peer: p, There: (await PeerProbe.Look(node, p, cancellation)).Value)));
        return new DrainCompany(
            node, patience,
            [.. found.Where(f => f.There is { } there && !node.Peers.IsLeaving(f.Peer.Node, there.Key.Fingerprint))
                .Select(static f => new Companion(f.Peer, f.There!.Key.Fingerprint))],
            hangs);
    }
}
