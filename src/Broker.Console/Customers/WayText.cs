using Broker.Protocol.Custody;

namespace Broker.Console.Customers;

/// <summary>A way of custody for people.</summary>
internal static class WayText
{
    public static string Of(CustodyWay way) => way.Kind == WayKind.Shares
        ? $"{way.Threshold} of {string.Join(' ', way.Holders.Select(static h => h.Name))}"
        : $"{way.Kind.ToText()} {way.Way}";

    public static string Of(IReadOnlyList<CustodyWay> ways) => string.Join(", or ", ways.Select(Of));
}
