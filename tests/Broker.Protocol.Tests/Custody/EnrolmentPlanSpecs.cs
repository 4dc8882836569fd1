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

    private static readonly EnrolmentPlan Good = new(
        Name.Parse("cluster-1"), Name.Parse("acme"), Digest.Zero, [EnrolmentPlan.Shares], 2, People, People[..2], 2,
        DateTimeOffset.UnixEpoch);

    private static readonly Dictionary<string, EnrolmentPlan> Refused = new()
    {
        ["no way"] = Good with { Ways = [] },
        ["another way"] = Good with { Ways = [Name.Parse("hsm")] },
        ["two ways"] = Good with { Ways = [EnrolmentPlan.Shares, EnrolmentPlan.Shares] },
        ["one custodian"] = Good with { Custodians = People[..1], Threshold = 1 },
        ["17 custodians"] = Good with { Custodians = [.. Enumerable.Repeat(People[0], 17)] },
        ["threshold 0"] = Good with { Threshold = 0 },
        ["threshold 1: one custodian alone"] = Good with { Threshold = 1 },
        ["threshold above n"] = Good with { Threshold = 4 },
        ["a custodian's key twice"] = Good with { Custodians = [People[0], People[1], People[2] with { Key = People[0].Key }] },
        ["a custodian's name twice"] = Good with { Custodians = [People[0], People[1], People[2] with { Name = People[0].Name }] },
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
        (Good with { Threshold = 3 }).Validate();
    }
}
