using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Custody;

public sealed class SuccessionChainSpecs
{
    private static readonly Name Cluster = Name.Parse("test");
    private static readonly Name Customer = Name.Parse("acme");

    private static readonly TestKey First = TestKey.Alice;
    private static readonly TestKey Second = TestKey.Bob;
    private static readonly TestKey Third = TestKey.Carol;

    [Fact]
    public void Pinned_identity_should_be_the_same_without_a_link() => Assert.Equal(SuccessionOutcome.Same, Follow(First, First));

    [Fact]
    public void Identities_that_each_signed_the_next_should_be_followed()
    {
        Signed[] links = [Link(2, First, Second), Link(3, Second, Third)];

        Assert.Equal(SuccessionOutcome.Followed, Follow(First, Third, links));
        Assert.Equal(SuccessionOutcome.Followed, Follow(First, Second, links));
        Assert.Equal(SuccessionOutcome.Followed, Follow(Second, Third, links));
        Assert.Equal(SuccessionOutcome.Unproven, Follow(Third, First, links));
        Assert.Equal(SuccessionOutcome.Unproven, Follow(First, Third, links[1]));
        Assert.Equal(SuccessionOutcome.Unproven, Follow(First, Third, links[0]));
    }

    [Fact]
    public void What_a_compromised_identity_is_said_to_pass_on_should_not_be_followed()
    {
        Signed[] links = [Link(2, First, Second), Link(3, Second, Third, compromised: true)];

        Assert.Equal(SuccessionOutcome.Broken, Follow(First, Third, links));
        Assert.Equal(SuccessionOutcome.Followed, Follow(First, Second, links));
    }

    [Fact]
    public void A_link_that_is_bent_should_lead_nowhere()
    {
        Signed[] bent =
        [
            Link(2, First, Second, by: Third),
            Link(2, First, Second, entry: First),
            Link(2, First, Second, bend: static s => s with { Cluster = Name.Parse("other") }),
            Link(2, First, Second, bend: static s => s with { Customer = Name.Parse("other") }),
            Link(0, First, Second),
            new(new byte[8], new byte[64]),
        ];

        Assert.All(bent, link => Assert.Equal(SuccessionOutcome.Unproven, Follow(First, Second, link)));
    }

    [Fact]
    public void Epochs_should_only_grow()
    {
        Signed[] links = [Link(3, First, Second), Link(2, Second, Third)];

        Assert.Equal(SuccessionOutcome.Unproven, Follow(First, Third, links));
    }

    private static SuccessionOutcome Follow(TestKey pin, TestKey shown, params Signed[] links) =>
        SuccessionChain.Follow(pin.Public.Fingerprint, shown.Public.Fingerprint, links, Cluster, Customer);

    private static Signed Link(
        uint epoch, TestKey old, TestKey next, bool compromised = false, TestKey? by = null, TestKey? entry = null,
        Func<Succession, Succession>? bend = null)
    {
        var succession = new Succession(Cluster, Customer, epoch, old.Public, next.Public, compromised);
        var bytes = (bend?.Invoke(succession) ?? succession).Encode();
        var record = new SuccessionRecord(bytes, compromised ? ReadOnlyMemory<byte>.Empty : (by ?? old).Sign(bytes)).Encode();
        return new Signed(record, (entry ?? next).Sign(record));
    }
}
