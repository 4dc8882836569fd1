using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>
/// What holders were given at one making of custody. They keep it, whether it came to count or not, and after it was superseded.
/// </summary>
/// <param name="model">What came to the console that asked: everything that was sealed.</param>
/// <param name="custodians">The keys of the custodians, in the order of their shares.</param>
/// <param name="safe">The customer's own key, where there is a way of it.</param>
internal sealed class Making(EnrolledModel model, IReadOnlyList<P256PrivateKey> custodians, P256PrivateKey? safe)
{
    public EnrolledModel Model => model;

    /// <summary>The custody record as signed.</summary>
    public Signed Signed { get; } = model.Custody.ToSigned();

    public CustodyRecord Custody { get; } = model.Custody.ToSigned().Read<CustodyRecord>();

    /// <summary>Holders who have looked at what they were given, and said so.</summary>
    public int Confirmed { get; set; }

    /// <summary>Whether all of them have.</summary>
    public bool IsConfirmed => Confirmed == model.Shares.Count + model.Wraps.Count;

    /// <summary>The shares that unlock together; 0 where there is no way of shares.</summary>
    public uint Threshold => Custody.Shares?.Way.Threshold ?? 0;

    /// <summary>A custodian opens a share; the caller owns it.</summary>
    public ShareRecord Open(uint index)
    {
        var info = CustodyInfo.SealedShare(Custody.Cluster, Custody.Customer, Custody.Epoch, Custody.Shares!.Split, index);
        return ShareRecord.Take(Hpke.Open(custodians[(int)index - 1], info, [], model.Shares[(int)index - 1].Sealed));
    }

    /// <summary>The customer opens the wrap; the caller owns the record.</summary>
    public WrapRecord OpenWrap() =>
        WrapRecord.TryOpen(safe!, Statement.Read<SealedWrap>(model.Wraps[0].Wrap), out var record) == WrapFailure.None
            ? record!
            : throw new InvalidOperationException("the customer's own key does not open its wrap");

    /// <summary>The secret, by each smallest set of holders; the caller owns each, null where they do not rebuild it.</summary>
    public IEnumerable<CustomerSecret?> Rebuild()
    {
        for (var set = 0; set < 1 << model.Shares.Count && Threshold > 0; set++)
        {
            if (System.Numerics.BitOperations.PopCount((uint)set) == Threshold)
            {
                List<ShareRecord> shares = [.. model.Shares.Where(s => (set >> ((int)s.Index - 1) & 1) == 1).Select(s => Open(s.Index))];
                yield return ShareRecord.Combine(shares);
                shares.ForEach(static s => s.Dispose());
            }
        }

        if (model.Wraps.Count > 0)
        {
            using var wrap = OpenWrap();
            yield return wrap.TryUnlock(out var secret) == WrapFailure.None ? secret : null;
        }
    }

    /// <summary>Whether what was given is enough to unlock by one of the ways.</summary>
    public bool IsUnlockedBy(IReadOnlySet<(Id16 Split, uint Index)> given) => Custody.Ways.Any(way => way.Way.Kind == WayKind.Shares
        ? given.Count(g => g.Split == way.Split) >= way.Way.Threshold
        : given.Contains((way.Split, 0)));
}
