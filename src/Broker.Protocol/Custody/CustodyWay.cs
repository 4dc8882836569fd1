using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Custody;

/// <summary>A way of custody as it is asked for.</summary>
/// <param name="Way">Its name, one of its own for each way of a customer.</param>
/// <param name="Kind">How it keeps the secret.</param>
/// <param name="Threshold">Of shares: k, custodians who together unlock, 2 to 16. Of a wrap: 1.</param>
/// <param name="Holders">Of shares: the n custodians, with the keys to which shares are sealed. Of a wrap: its one key.</param>
public sealed record CustodyWay(Name Way, WayKind Kind, uint Threshold, IReadOnlyList<NamedKey> Holders)
{
    /// <summary>Most ways of one customer.</summary>
    public const int MaxWays = 4;

    /// <summary>Most custodians of one way.</summary>
    public const int MaxHolders = 16;

    private static readonly Name SharesName = Name.Parse("shares");

    /// <summary>The way of shares, of which a customer has at most one; its name is <c>shares</c>.</summary>
    public static CustodyWay OfShares(uint threshold, IReadOnlyList<NamedKey> custodians) =>
        new(SharesName, WayKind.Shares, threshold, custodians);

    /// <summary>A way that keeps a wrap; way and key have the same name.</summary>
    public static CustodyWay OfWrap(WayKind kind, NamedKey key) => new(key.Name, kind, 1, [key]);

    /// <inheritdoc/>
    public bool Equals(CustodyWay? other) => other is not null && Way == other.Way && Kind == other.Kind &&
        Threshold == other.Threshold && Holders.SequenceEqual(other.Holders);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Way, Kind, Threshold, Holders.Count);

    /// <summary>Checks the ways that a customer is to have.</summary>
    /// <param name="ways">All of them.</param>
    /// <param name="oneWayOnly">Whether who asks has said to understand what a single way means.</param>
    /// <exception cref="MalformedException">A number or a list does not fit, or one way was not asked for as such.</exception>
    public static void Validate(IReadOnlyList<CustodyWay> ways, bool oneWayOnly)
    {
        var problem = ways.Select(static w => w.Problem()).FirstOrDefault(static p => p is not null) ?? ways switch
        {
            _ when ways.Count == 0 => "a customer has at least one way of custody",
            _ when ways.Count > MaxWays => $"a customer has at most {MaxWays} ways of custody",
            _ when ways.DistinctBy(static w => w.Way).Count() != ways.Count => "each way of custody has a name of its own",
            _ when ways.Count(static w => w.Kind == WayKind.Shares) > 1 => "a customer has at most one way of shares",
            _ when ways.SelectMany(static w => w.Holders).DistinctBy(static h => h.Key).Count() != ways.Sum(static w => w.Holders.Count) =>
                "each custodian and each wrap has a key of its own",
            _ when ways.Count == 1 && !oneWayOnly =>
                "one way of custody only: whoever loses it has lost the data; name a second one, or say that it is understood",
            _ => null,
        };
        if (problem is not null)
        {
            throw new MalformedException(problem);
        }
    }

    /// <summary>Checks the ways that a customer is to have, and how many administrators sign what is grave.</summary>
    /// <inheritdoc cref="Validate(IReadOnlyList{CustodyWay}, bool)"/>
    public static void Validate(IReadOnlyList<CustodyWay> ways, bool oneWayOnly, uint administratorsRequired)
    {
        Validate(ways, oneWayOnly);
        if (administratorsRequired is not (1 or 2))
        {
            throw new MalformedException("1 or 2 administrators are required for what is grave");
        }
    }

    internal static void Write(EncWriter writer, CustodyWay value) =>
        writer.Name(value.Way).Text(value.Kind.ToText()).U32(value.Threshold).List(value.Holders, NamedKey.Write);

    internal static CustodyWay Read(ref EncReader reader) =>
        new(reader.Name(), WayKinds.Parse(reader.Text()), reader.U32(), reader.List(NamedKey.Read, MaxHolders));

    private string? Problem() => this switch
    {
        { Kind: WayKind.Shares } when Way != SharesName => "the way of shares is named shares",
        { Kind: WayKind.Shares, Holders.Count: < 2 or > MaxHolders } => "a customer has 2 to 16 custodians",
        { Kind: WayKind.Shares } when Threshold < 2 || Threshold > Holders.Count => "the threshold is 2 to the number of custodians",
        { Kind: not WayKind.Shares } when Threshold != 1 || Holders.Count != 1 || Holders[0].Name != Way || Way == SharesName =>
            "a wrap is kept with one key, and named as that key is",
        _ when Holders.DistinctBy(static h => h.Name).Count() != Holders.Count => "each custodian has a name of their own",
        _ => null,
    };
}
