using System.Diagnostics;
using System.Security.Cryptography;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Benchmarks.Custody;

/// <summary>
/// What three shares cost the node that they unlock: opened, verified, combined, and the customer's key pairs derived; beside the
/// public-key operations that this cannot do without, by the platform's own types.
/// </summary>
internal static class UnlockCost
{
    private const int Threshold = 3;
    private const int Times = 300;

    private static readonly Name Some = Name.Parse("bench");

    public static void Measure(List<Measurement> rows)
    {
        using var secret = CustomerSecret.Create(Some, Some, 1, SystemRandom.Fill);
        using var incarnation = P256PrivateKey.Generate(SystemRandom.Fill);
        var key = PublicKey.Parse(incarnation.PublicKey);
        var head = CustodyInfo.AcceptedHead(0, Digest.Zero);
        var given = Given(secret, key, head);
        var ours = Cpu(() =>
        {
            var shares = given.ConvertAll(s => ShareRecord.Take(Hpke.Open(incarnation, s.Info, head, s.Sealed)));
            using var combined = ShareRecord.Combine(shares);
            if (combined is null || !shares.TrueForAll(static s => s.IsSigned))
                throw new InvalidOperationException("the shares did not combine");
            shares.ForEach(static s => s.Dispose());
        });
        rows.Add(Measurement.Time("unlock, 3 shares, CPU", ours, Bare()));
    }

    private static List<(byte[] Info, byte[] Sealed)> Given(CustomerSecret secret, PublicKey incarnation, byte[] head)
    {
        var custodians = Enumerable.Range(0, Threshold).Select(static _ => P256PrivateKey.Generate(SystemRandom.Fill)).ToList();
        var way = CustodyWay.OfShares(
            Threshold, [.. custodians.Select(static (c, i) => new NamedKey(Name.Parse($"c{i}"), PublicKey.Parse(c.PublicKey)))]);
        var given = new List<(byte[], byte[])>();
        foreach (var (made, i) in ShareRecord.SealAll(secret, way, default, SystemRandom.Fill).Select(static (s, i) => (s, i)))
        {
            made.Confirmation.Dispose();
            using var custodian = custodians[i];
            using var share = ShareRecord.Take(Hpke.Open(
                custodian, CustodyInfo.SealedShare(Some, Some, 1, default, (uint)i + 1), [], made.Sealed));
            given.Add((
                CustodyInfo.ShareForUnlock(Some, Some, 1, default, share.Index, incarnation.Fingerprint),
                share.SealForUnlock(incarnation, head, SystemRandom.Fill)));
        }

        return given;
    }

    private static double Bare()
    {
        byte[] message = [1];
        using var mine = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signature = signer.SignData(message, HashAlgorithmName.SHA256);
        return Cpu(() =>
        {
            for (var i = 0; i < Threshold; i++)
            {
#pragma warning disable RS0030 // Bare is what the platform itself does; there is no secret here.
                mine.DeriveRawSecretAgreement(other.PublicKey);
#pragma warning restore RS0030
                signer.VerifyData(message, signature, HashAlgorithmName.SHA256);
            }

            // The identity and the intake key pair.
            ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256).Dispose();
            ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256).Dispose();
        });
    }

    /// <summary>Milliseconds of processor time for each.</summary>
    private static double Cpu(Action once)
    {
        for (var i = 0; i < Times / 10; i++)
            once();
        var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        for (var i = 0; i < Times; i++)
            once();
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMilliseconds / Times;
    }
}
