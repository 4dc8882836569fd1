using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.TestKit;

namespace Broker.Links.Tests.Fuzzing;

/// <summary>Certificates that came in a message, damaged: nobody's, or exactly whose they were.</summary>
public sealed class ChainFuzzSpecs
{
    [Fact]
    public void Damaged_certificates_should_identify_nobody_else()
    {
        var ours = new TestAuthority();
        using var key = ours.Node(LinkRole.Console, "alice");
        Fuzz.Each(1500, random =>
        {
            ReadOnlyMemory<byte>[] chain = [.. key.ChainDer];
            var at = random.Below(chain.Length);
            chain[at] = Damage.Of(chain[at].Span, random);
            if (SignedByCertificate.TryIdentify(chain, key.Trust, TimeProvider.System.GetUtcNow(), out var identity, out _))
                Assert.Equal((LinkRole.Console, "alice"), (identity.Role, identity.Name.Value));
        });
    }
}
