using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Broker.Actors;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Identifiers;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Simulation.Tests;

/// <summary>Certificates of one installation, made once for each thread that runs worlds: they take longer than a whole schedule.</summary>
internal sealed class Installation
{
    private static readonly DateTimeOffset Issued = new(2029, 12, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);

    private readonly CertificateIssuer _root;

    public Installation()
    {
        _root = CertificateIssuer.CreateRoot(
            Cluster, Name.Parse("root"), ECDsa.Create(ECCurve.NamedCurves.nistP256), Issued, Life, RandomSource.System.Fill);
        var real = LinkTrust.From(_root.Certificate);
        Trust = new RememberingTrust(_root.Certificate, Cluster);
        Console = Issue(LinkRole.Console, "console-1", real, mayEnrol: true);
        Ledger = Issue(LinkRole.Ledger, "ledger-1", real);
        Nodes = [Issue(LinkRole.Dmz, "dmz-1", real), Issue(LinkRole.Dmz, "dmz-2", real)];
        foreach (var key in Nodes.Append(Console).Append(Ledger))
        {
            Trust.TryIdentify(key.ChainDer, Issued + TimeSpan.FromDays(31), out _, out _);
        }
    }

    public Name Cluster { get; } = Name.Parse("test");

    public LinkTrust Trust { get; }

    public InstallationKey Console { get; }

    public InstallationKey Ledger { get; }

    public IReadOnlyList<InstallationKey> Nodes { get; }

    /// <summary>A signature by one of these keys.</summary>
    public static byte[] Sign(World world, InstallationKey key, ReadOnlySpan<byte> message)
    {
        if (world.IsReal)
        {
            return key.Sign(message);
        }

        var signature = new byte[PublicKey.SignatureLength];
        CheapArithmetic.Sign(key.PublicKey.Bytes.Span, message, signature);
        return signature;
    }

    private InstallationKey Issue(LinkRole role, string name, LinkTrust trust, bool mayEnrol = false)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return InstallationKey.Create(
            [_root.Issue(new SpiffeId(Cluster, role, null, Name.Parse(name), mayEnrol), PublicKey.From(key), Issued, Life)], key, trust);
    }

    /// <summary>Verifies each chain once: that takes longer than the rest of a schedule, and its outcome is always the same.</summary>
    private sealed class RememberingTrust(System.Security.Cryptography.X509Certificates.X509Certificate2 root, Name cluster)
        : LinkTrust(root, cluster)
    {
        private readonly Dictionary<ulong, PeerIdentity> _known = [];

        internal override bool TryIdentify(
            IReadOnlyList<ReadOnlyMemory<byte>> chainDer, DateTimeOffset at, [NotNullWhen(true)] out PeerIdentity? identity,
            out LinkRefusal refusal)
        {
            refusal = default;
            var key = Mix.Of(chainDer[0].Span, 7);
            if (_known.TryGetValue(key, out identity))
            {
                return true;
            }

            if (!base.TryIdentify(chainDer, at, out identity, out refusal))
            {
                return false;
            }

            _known[key] = identity;
            return true;
        }
    }
}
