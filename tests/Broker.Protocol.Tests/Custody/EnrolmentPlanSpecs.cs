using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Custody;

public class EnrolmentPlanSpecs
{
    private static readonly NamedKey[] People =
    [
        new(Name.Parse("a"), TestKey.Alice.Public), new(Name.Parse("b"), TestKey.Bob.Public), new(Name.Parse("c"), TestKey.Carol.Public),
    ];

    private static readonly CustodyWay Shares = CustodyWay.OfShares(2, People[..2]);
    private static readonly CustodyWay Hsm = CustodyWay.OfWrap(WayKind.Hsm, People[2]);

    private static readonly EnrolmentPlan Good = new(
        Name.Parse("cluster-1"), Name.Parse("acme"), Digest.Zero, [Shares, Hsm], false, People[..2], 2, DateTimeOffset.UnixEpoch);

    private static readonly Dictionary<string, EnrolmentPlan> Refused = new()
    {
        ["no way"] = Good with { Ways = [], OneWayOnly = true },
        ["one way, not understood"] = Good with { Ways = [Shares] },
        ["one wrap, not understood"] = Good with { Ways = [Hsm] },
        ["shares twice"] = Good with { Ways = [Shares, CustodyWay.OfShares(2, [People[2], People[1] with { Name = Name.Parse("d") }])] },
        ["a way's name twice"] = Good with { Ways = [Hsm, CustodyWay.OfWrap(WayKind.Key, People[0] with { Name = Hsm.Way })] },
        ["a key in two ways"] = Good with { Ways = [Shares, CustodyWay.OfWrap(WayKind.Key, People[0])] },
        ["five ways"] = Good with { Ways = [Shares, Hsm, Hsm, Hsm, Hsm] },
        ["shares under another name"] = Only(Shares with { Way = Name.Parse("pieces") }),
        ["a wrap named shares"] = Only(CustodyWay.OfWrap(WayKind.Key, People[0] with { Name = Shares.Way })),
        ["a wrap with two keys"] = Only(Hsm with { Holders = People[..2] }),
        ["a wrap without a key"] = Only(Hsm with { Holders = [] }),
        ["a wrap of threshold 2"] = Only(Hsm with { Threshold = 2 }),
        ["a wrap with another's key"] = Only(Hsm with { Holders = People[..1] }),
        ["one custodian"] = Only(CustodyWay.OfShares(1, People[..1])),
        ["17 custodians"] = Only(CustodyWay.OfShares(2, [.. Enumerable.Repeat(People[0], 17)])),
        ["threshold 0"] = Only(CustodyWay.OfShares(0, People)),
        ["threshold 1: one custodian alone"] = Only(CustodyWay.OfShares(1, People)),
        ["threshold above n"] = Only(CustodyWay.OfShares(4, People)),
        ["a custodian's key twice"] = Only(CustodyWay.OfShares(2, [People[0], People[1], People[2] with { Key = People[0].Key }])),
        ["a custodian's name twice"] = Only(CustodyWay.OfShares(2, [People[0], People[1], People[2] with { Name = People[0].Name }])),
        ["no administrator"] = Good with { Administrators = [], AdministratorsRequired = 1 },
        ["an administrator's name twice"] = Good with { Administrators = [People[0], People[1] with { Name = People[0].Name }] },
        ["an administrator's key twice"] = Good with { Administrators = [People[0], People[1] with { Key = People[0].Key }] },
        ["0 required"] = Good with { AdministratorsRequired = 0 },
        ["3 required"] = Good with { Administrators = People, AdministratorsRequired = 3 },
        ["more required than there are"] = Good with { Administrators = People[..1] },
    };

    public static TheoryData<string> Cases => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Plan_should_be_refused(string name) => Assert.Throws<MalformedException>(Refused[name].Validate);

    [Fact]
    public void Plan_should_be_accepted()
    {
        Good.Validate();
        (Good with { Administrators = People[..1], AdministratorsRequired = 1 }).Validate();
        Only(CustodyWay.OfShares(3, People)).Validate();
        Only(Hsm).Validate();
        (Good with { Ways = [Hsm, CustodyWay.OfWrap(WayKind.Key, People[0])] }).Validate();
    }

    private static EnrolmentPlan Only(CustodyWay way) => Good with { Ways = [way], OneWayOnly = true };
}
