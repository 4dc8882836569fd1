using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Directory;

public class ReleasePolicySpecs
{
    private static readonly Name[] Words = [.. new[] { "a", "b", "c" }.Select(Name.Parse)];

    private static readonly ReleasePolicy Base = Policy([Words[0]], [Words[1]], [Words[2]], [Role.Operator]);

    [Fact]
    public void Policy_should_cover_itself_and_what_is_narrower()
    {
        Assert.True(Base.Covers(Base));
        Assert.True(Base.Covers(Base with { Agents = [] }));
        Assert.True(Base.Covers(Base with { Labels = [] }));
        Assert.True(Base.Covers(Base with { Uses = [] }));
        Assert.True(Base.Covers(Base with { UserRoles = [] }));
        Assert.True(Base.Covers(Policy([], [], [], [])));
    }

    [Fact]
    public void Policy_should_not_cover_what_is_wider_in_any_list()
    {
        Assert.False(Base.Covers(Base with { Agents = [Words[0], Words[1]] }));
        Assert.False(Base.Covers(Base with { Agents = [Words[1]] }));
        Assert.False(Base.Covers(Base with { Labels = [Words[1], Words[2]] }));
        Assert.False(Base.Covers(Base with { Uses = [Words[2], Words[0]] }));
        Assert.False(Base.Covers(Base with { UserRoles = [Role.Operator, Role.Administrator] }));
        Assert.False(Policy([], [], [], []).Covers(Base));
    }

    [Fact]
    public void Order_and_repetition_should_not_matter()
    {
        var policy = Base with { Agents = [Words[0], Words[1]] };
        Assert.True(policy.Covers(policy with { Agents = [Words[1], Words[0], Words[0]] }));
    }

    // A stored policy of that name would release every credential that was put without one.
    [Fact]
    public void Default_policy_should_not_be_set_or_stored()
    {
        var put = new PutPolicyPayload(ReleasePolicy.Default, [Words[0]], [], [Words[1]], [Role.Operator]).Encode();
        Assert.Throws<MalformedException>(() => PutPolicyPayload.Decode(put));
        var stored = (Base with { Policy = ReleasePolicy.Default }).Encode();
        Assert.Throws<MalformedException>(() => ReleasePolicy.Decode(stored));
    }

    // By what a policy means: an agent by its name or one of its labels, one use, one role.
    [Fact]
    public void Covering_policy_should_allow_all_that_the_other_allows()
    {
        var random = new Seeded(7);
        var covered = 0;
        for (var round = 0; round < 3000; round++)
        {
            var (wide, narrow) = (Any(random), Any(random));
            if (!wide.Covers(narrow))
            {
                continue;
            }

            covered++;
            foreach (var (agent, label, use, role) in Questions())
            {
                Assert.False(Allows(narrow, agent, label, use, role) && !Allows(wide, agent, label, use, role));
            }
        }

        Assert.True(covered > 100);
    }

    private static IEnumerable<(Name Agent, Name Label, Name Use, Role Role)> Questions() =>
        from agent in Words from label in Words from use in Words from role in Enum.GetValues<Role>() select (agent, label, use, role);

    private static bool Allows(ReleasePolicy p, Name agent, Name label, Name use, Role role) =>
        (p.Agents.Contains(agent) || p.Labels.Contains(label)) && p.Uses.Contains(use) && p.UserRoles.Contains(role);

    private static ReleasePolicy Any(Seeded random) => Policy(
        random.Some(0, 2, () => random.Of(Words)), random.Some(0, 2, () => random.Of(Words)), random.Some(0, 2, () => random.Of(Words)),
        random.Some(0, 2, random.NextRole));

    private static ReleasePolicy Policy(Name[] agents, Name[] labels, Name[] uses, Role[] roles) =>
        new(Name.Parse("cluster-1"), Name.Parse("acme"), Name.Parse("policy"), agents, labels, uses, roles);
}
