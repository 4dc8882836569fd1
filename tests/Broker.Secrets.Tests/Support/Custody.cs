using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

/// <summary>A customer's secret in the hands of n custodians.</summary>
internal sealed class Custody : IDisposable
{
    internal static readonly Name Cluster = Name.Parse("cluster-1");
    internal static readonly Name Acme = Name.Parse("acme");
    internal static readonly Name Other = Name.Parse("other");

    private readonly P256PrivateKey[] _custodians;

    internal Custody(CustomerSecret secret, int threshold, int count, byte split = 1)
    {
        Secret = secret;
        _custodians = [.. Enumerable.Range(0, count).Select(static _ => P256PrivateKey.Generate(SystemRandom.Fill))];
        Way = CustodyWay.OfShares(
            (uint)threshold,
            [.. _custodians.Select(static (k, i) => new NamedKey(Name.Parse($"custodian-{i}"), PublicKey.Parse(k.PublicKey)))]);
        Split = new Id16([.. Enumerable.Repeat(split, 16)]);
        Sealed = ShareRecord.SealAll(secret, Way, Split, SystemRandom.Fill);
    }

    internal CustomerSecret Secret { get; }

    internal CustodyWay Way { get; }

    internal Id16 Split { get; }

    internal IReadOnlyList<(byte[] Sealed, SecretBuffer Confirmation, PublicKey Proof)> Sealed { get; }

    public void Dispose()
    {
        foreach (var (_, confirmation, _) in Sealed)
            confirmation.Dispose();
        foreach (var custodian in _custodians)
            custodian.Dispose();
    }

    internal static CustomerSecret NewSecret(Name customer, uint epoch = 1) =>
        CustomerSecret.Create(Cluster, customer, epoch, SystemRandom.Fill);

    /// <summary>What the custodian at <paramref name="position"/> finds in what was sealed for the one at <paramref name="of"/>.</summary>
    internal SecretBuffer Unseal(int position, int of, uint? index = null) => Hpke.Open(
        _custodians[position],
        CustodyInfo.SealedShare(Secret.Cluster, Secret.Customer, Secret.Epoch, Split, index ?? (uint)of + 1),
        [],
        Sealed[of].Sealed);

    /// <summary>The record of the custodian at <paramref name="position"/>, owned by the caller.</summary>
    internal ShareRecord Open(int position) => ShareRecord.Take(Unseal(position, position));
}
