using Broker.Protocol.Custody;

namespace Broker.Dmz.Customers;

/// <summary>What a locked customer lacks, in words.</summary>
internal static class CustodyText
{
    /// <summary>Of each way what it lacks: <c>2 of 3 shares (1 given), or the key of way safe</c>.</summary>
    /// <param name="custody">The custody record; null where none is known.</param>
    /// <param name="given">Shares that were given.</param>
    public static string Missing(CustodyRecord? custody, int given) => custody is null
        ? "shares, or the key of another way of custody"
        : string.Join(", or ", custody.Ways.Select(w => w.Way.Kind switch
        {
            WayKind.Shares => $"{w.Way.Threshold} of {w.Way.Holders.Count} shares ({given} given)",
            WayKind.Key => $"the key of way {w.Way.Way}",
            _ => $"the token of way {w.Way.Way}",
        }));
}
