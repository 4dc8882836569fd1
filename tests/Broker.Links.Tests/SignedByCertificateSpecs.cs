using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Protocol.Statements;

namespace Broker.Links.Tests;

public sealed class SignedByCertificateSpecs
{
    private static readonly TestAuthority Ours = new();
    private static readonly byte[] Statement = [1, 2, 3];

    [Theory]
    [InlineData(LinkRole.Dmz)]
    [InlineData(LinkRole.Console)]
    [InlineData(LinkRole.Ledger)]
    public void Statement_should_be_its_signers(LinkRole role)
    {
        using var key = Ours.Node(role, "one");
        var signer = SignedByCertificate.Verify(Sign(key), key.ChainDer, Ours.Trust, role, TestAuthority.Now);
        Assert.Equal($"{role.Text()}/one", signer.Path);
    }

    [Fact]
    public void Agents_statement_should_verify_through_the_issuer()
    {
        using var key = Ours.Agent("acme", "web-1");
        Assert.Equal(2, key.ChainDer.Count);
        Assert.Equal(
            "agent/acme/web-1", SignedByCertificate.Verify(Sign(key), key.ChainDer, Ours.Trust, LinkRole.Agent, TestAuthority.Now).Path);
        Assert.Equal(LinkRefusal.ForeignAuthority, Refusal(Sign(key), [key.ChainDer[0]], LinkRole.Agent));
    }

    [Fact]
    public void Altered_statement_should_be_refused()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        var altered = Sign(key) with { Statement = new byte[] { 1, 2, 4 } };
        Assert.Equal(LinkRefusal.BadSignature, Refusal(altered, key.ChainDer, LinkRole.Dmz));
    }

    [Fact]
    public void Signature_of_another_node_should_be_refused()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        using var other = Ours.Node(LinkRole.Dmz, "two");
        Assert.Equal(LinkRefusal.BadSignature, Refusal(Sign(other), key.ChainDer, LinkRole.Dmz));
    }

    [Fact]
    public void Wrong_role_should_be_refused()
    {
        using var key = Ours.Node(LinkRole.Zone, "one");
        Assert.Equal(LinkRefusal.WrongRole, Refusal(Sign(key), key.ChainDer, LinkRole.Dmz));
    }

    [Fact]
    public void Foreign_root_should_be_refused_even_when_it_comes_along()
    {
        var foreign = new TestAuthority();
        using var key = foreign.Node(LinkRole.Dmz, "one");
        Assert.Equal(LinkRefusal.ForeignAuthority, Refusal(Sign(key), [.. key.ChainDer, foreign.Trust.Root.RawData], LinkRole.Dmz));
    }

    [Fact]
    public void Certificate_should_be_valid_at_the_time_that_is_asked_for()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        Assert.Equal(LinkRefusal.NotValidNow, Refusal(Sign(key), key.ChainDer, LinkRole.Dmz, TestAuthority.Now.AddDays(31)));
        Assert.Equal(LinkRefusal.NotValidNow, Refusal(Sign(key), key.ChainDer, LinkRole.Dmz, TestAuthority.Now.AddDays(-1)));
    }

    [Fact]
    public void Chains_that_are_none_should_be_refused()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        Assert.Equal(LinkRefusal.BadChain, Refusal(Sign(key), [], LinkRole.Dmz));
        Assert.Equal(LinkRefusal.BadChain, Refusal(Sign(key), [new byte[] { 0x30, 0x01 }], LinkRole.Dmz));
        Assert.Equal(LinkRefusal.BadChain, Refusal(Sign(key), [new byte[9000]], LinkRole.Dmz));
        Assert.Equal(LinkRefusal.BadChain, Refusal(Sign(key), [.. Enumerable.Repeat(key.ChainDer[0], 4)], LinkRole.Dmz));
    }

    [Fact]
    public void Damaged_certificates_should_be_refused_and_never_throw()
    {
        using var key = Ours.Agent("acme", "web-1");
        var leaf = key.ChainDer[0].ToArray();
        for (var i = 0; i < leaf.Length; i++)
        {
            var damaged = (byte[])leaf.Clone();
            damaged[i] ^= 0x55;
            Assert.False(SignedByCertificate.TryVerify(
                Sign(key), [damaged, key.ChainDer[1]], Ours.Trust, LinkRole.Agent, TestAuthority.Now, out _, out _), $"byte {i}");
        }
    }

    private static Signed Sign(InstallationKey key) => new(Statement, key.Sign(Statement));

    private static LinkRefusal Refusal(Signed signed, IReadOnlyList<ReadOnlyMemory<byte>> chain, LinkRole role, DateTimeOffset? at = null)
    {
        Assert.False(SignedByCertificate.TryVerify(signed, chain, Ours.Trust, role, at ?? TestAuthority.Now, out _, out var refusal));
        return refusal;
    }
}
