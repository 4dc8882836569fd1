using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Tests.Support;
using Broker.Protocol.Transfer;

namespace Broker.Protocol.Tests.Transfer;

public sealed class AdmissionVerifierSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly Name Cluster = Name.Parse("test");
    private static readonly Name Node = Name.Parse("dmz-2");

    private static readonly Incarnation Asking = new(Cluster, Node, TestKey.Carol.Public, Digest.Of("binary"u8), Now);

    private static readonly NodeAdmission Good = new(Cluster, Node, Asking.Key.Fingerprint, Asking.Binary, Now.AddHours(1));

    // Dora has Alice's key under a second name.
    private static readonly Dictionary<Name, PublicKey> People = new()
    {
        [Name.Parse("alice")] = TestKey.Alice.Public,
        [Name.Parse("bob")] = TestKey.Bob.Public,
        [Name.Parse("dora")] = TestKey.Alice.Public,
    };

    [Fact]
    public void Two_people_should_admit() => Assert.Null(Verify(Good, ("alice", TestKey.Alice), ("bob", TestKey.Bob)));

    [Fact]
    public void One_person_should_not() => Assert.Equal(AdmissionRefusal.TooFew, Verify(Good, ("alice", TestKey.Alice)));

    [Fact]
    public void Nobody_should_not() => Assert.Equal(AdmissionRefusal.TooFew, Verify(Good));

    [Fact]
    public void One_person_twice_should_not() =>
        Assert.Equal(AdmissionRefusal.SamePerson, Verify(Good, ("alice", TestKey.Alice), ("alice", TestKey.Alice)));

    [Fact]
    public void One_key_under_two_names_should_not() =>
        Assert.Equal(AdmissionRefusal.SamePerson, Verify(Good, ("alice", TestKey.Alice), ("dora", TestKey.Alice)));

    [Fact]
    public void A_stranger_should_not() =>
        Assert.Equal(AdmissionRefusal.Stranger, Verify(Good, ("alice", TestKey.Alice), ("mallory", TestKey.Bob)));

    [Fact]
    public void Another_key_should_not() =>
        Assert.Equal(AdmissionRefusal.Forged, Verify(Good, ("alice", TestKey.Alice), ("bob", TestKey.Carol)));

    [Fact]
    public void Another_incarnation_should_not_be_admitted() => Assert.Equal(
        AdmissionRefusal.OfAnother,
        Verify(Good with { Incarnation = Digest.Of([1]) }, ("alice", TestKey.Alice), ("bob", TestKey.Bob)));

    [Fact]
    public void Another_node_should_not_be_admitted() => Assert.Equal(
        AdmissionRefusal.OfAnother,
        Verify(Good with { Node = Name.Parse("dmz-3") }, ("alice", TestKey.Alice), ("bob", TestKey.Bob)));

    [Fact]
    public void Another_cluster_should_not_be_admitted() => Assert.Equal(
        AdmissionRefusal.OfAnother,
        Verify(Good with { Cluster = Name.Parse("other") }, ("alice", TestKey.Alice), ("bob", TestKey.Bob)));

    [Fact]
    public void Another_binary_should_not_be_admitted() => Assert.Equal(
        AdmissionRefusal.WrongBinary,
        Verify(Good with { Binary = Digest.Of([1]) }, ("alice", TestKey.Alice), ("bob", TestKey.Bob)));

    [Theory]
    [InlineData(-3)]
    [InlineData((24 * 60) + 3)]
    public void Time_should_bound_it(int minutes) => Assert.Equal(
        AdmissionRefusal.Expired,
        Verify(Good with { NotAfter = Now.AddMinutes(minutes) }, ("alice", TestKey.Alice), ("bob", TestKey.Bob)));

    [Fact]
    public void Something_else_should_be_malformed()
    {
        var ticket = new Admission(AdmissionKind.Statement, Asking.Encode(), []);
        Assert.Equal(AdmissionRefusal.Malformed, AdmissionVerifier.OfPeople(ticket, Asking, People, Now));
    }

    private static string? Verify(NodeAdmission statement, params (string Name, TestKey Key)[] signers)
    {
        var encoded = statement.Encode();
        var admission = new Admission(
            AdmissionKind.Statement, encoded,
            [.. signers.Select(s => new AdmissionSignature(Name.Parse(s.Name), s.Key.Sign(encoded)))]);
        return AdmissionVerifier.OfPeople(admission, Asking, People, Now);
    }
}
