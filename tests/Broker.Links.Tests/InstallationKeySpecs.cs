using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Links.Tests;

public sealed class InstallationKeySpecs
{
    private static readonly TestAuthority Ours = new();

    [Fact]
    public void Certificate_of_another_root_should_be_refused_even_when_it_names_this_cluster()
    {
        var other = new TestAuthority();
        var (certificate, key) = other.Below(LinkRole.Dmz, "one");
        var error = Assert.Throws<InstallationKeyException>(() => InstallationKey.Create([certificate], key, Ours.Trust));
        Assert.Contains("root.crt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_of_another_certificate_should_be_refused()
    {
        var (certificate, _) = Ours.Below(LinkRole.Dmz, "one");
        Assert.Throws<InstallationKeyException>(
            () => InstallationKey.Create([certificate], ECDsa.Create(ECCurve.NamedCurves.nistP256), Ours.Trust));
    }

    [Fact]
    public void Leaf_should_not_pass_for_a_root()
    {
        var (certificate, _) = Ours.Below(LinkRole.Dmz, "one");
        Assert.Throws<InstallationKeyException>(() => LinkTrust.From(certificate));
    }

    [Fact]
    public void Signature_should_be_64_bytes_that_the_public_key_verifies_and_text_should_hold_no_key()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        var signature = key.Sign([1, 2, 3]);
        Assert.Equal(PublicKey.SignatureLength, signature.Length);
        Assert.True(key.PublicKey.Verify([1, 2, 3], signature));
        Assert.Equal("dmz/one", key.ToString());
    }

    [Fact]
    public async Task Signing_should_be_safe_from_many_threads()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        await Parallel.ForAsync(0, 200, (i, _) =>
        {
            var statement = BitConverter.GetBytes(i);
            Assert.True(key.PublicKey.Verify(statement, key.Sign(statement)));
            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public void Chain_should_hold_the_issuer_and_not_the_root()
    {
        using var agent = Ours.Agent("acme", "web-1");
        using var node = Ours.Node(LinkRole.Dmz, "one");
        Assert.Equal((2, 1), (agent.ChainDer.Count, node.ChainDer.Count));
        using var issuer = X509CertificateLoader.LoadCertificate(agent.ChainDer[1].Span);
        Assert.NotEqual(Ours.Trust.Root.Thumbprint, issuer.Thumbprint);
    }
}
