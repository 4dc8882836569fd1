using System.Text.Json;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>Two custodians in this process: they open their share files with their keys.</summary>
internal static class Custody
{
    /// <summary>The custodians who act here, with the index of their share.</summary>
    public static IReadOnlyList<string> Acting { get; } = [.. Certificates.Custodians.Take(2)];

    /// <summary>What became of an unlock while the zone stood still: shares are wiped, and given again.</summary>
    public static IReadOnlySet<string> Passing { get; } =
        new HashSet<string> { "busy", "zone-unavailable", "outcome-unknown", "timed-out" };

    /// <summary>Gives two shares to the node that answers and waits until the customer is unlocked.</summary>
    /// <exception cref="InvalidOperationException">It was not, with the code of the failure.</exception>
    public static async Task UnlockAsync(Cluster cluster)
    {
        var api = cluster.Api;
        var incarnation = (await Eventually.DecidedAsync(() => api.GetAsync("/v1/node", ApiJson.Default.NodeModel)))
            .Ok.Incarnation.ToSigned().Read<Incarnation>();
        await GiveAllAsync();
        await Eventually.TrueAsync("the customer is unlocked", async () =>
        {
            var customer = (await api.CustomerAsync()).Ok;
            if (customer is { State: "locked", LastFailure: { } failure })
            {
                if (!Passing.Contains(failure))
                    throw new InvalidOperationException("not unlocked: " + failure);
                await GiveAllAsync();
            }

            return customer.State == "unlocked";
        });

        Task GiveAllAsync() => Task.WhenAll(Acting.Select(custodian => GiveAsync(cluster, custodian, incarnation)));
    }

    private static async Task GiveAsync(Cluster cluster, string custodian, Incarnation incarnation)
    {
        using var share = await OpenAsync(cluster, custodian);
        var body = new ShareModel(
            share.Epoch, share.Split.ToString(), share.Index,
            share.SealForUnlock(incarnation.Key, CustodyInfo.AcceptedHead(0, Digest.Zero), SystemRandom.Fill), 0, Digest.Zero.ToString(),
            null);
        var answer = await Eventually.DecidedAsync(() => cluster.Api.SendAsync(
            HttpMethod.Post, cluster.Api.Path("/shares"), JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.ShareModel),
            ApiJson.Default.CustomerModel));
        // One whose answer was lost may have been the last that was needed.
        if (answer.Value is null && (await Eventually.DecidedAsync(() => cluster.Api.CustomerAsync())).Ok.State != "unlocked")
            _ = answer.Ok;
    }

    /// <summary>The customer's secret, rebuilt from two shares.</summary>
    public static async Task<byte[]> RebuildAsync(Cluster cluster)
    {
        var shares = new List<(byte Index, byte[] Share)>();
        foreach (var custodian in Acting)
            shares.Add(await ShareAsync(cluster, custodian));
        var parts = shares.ConvertAll(static s => SecretBuffer.CopyOf(s.Share));
        try
        {
            using var secret = Shamir.Combine([.. shares.Select(static s => s.Index)], parts);
            return secret.Span.ToArray();
        }
        finally
        {
            parts.ForEach(static p => p.Dispose());
        }
    }

    /// <summary>A custodian's share in the clear.</summary>
    public static async Task<(byte Index, byte[] Share)> ShareAsync(Cluster cluster, string custodian)
    {
        using var record = await OpenBytesAsync(cluster, custodian);
        using var share = ShareRecord.Take(SecretBuffer.CopyOf(record.Span));
        // The record's last field before the signature is the share.
        return ((byte)share.Index, record.Span[..^PublicKey.SignatureLength][^CustomerSecret.Length..].ToArray());
    }

    private static async Task<ShareRecord> OpenAsync(Cluster cluster, string custodian) =>
        ShareRecord.Take(await OpenBytesAsync(cluster, custodian));

    private static async Task<SecretBuffer> OpenBytesAsync(Cluster cluster, string custodian)
    {
        using var file = JsonDocument.Parse(await File.ReadAllBytesAsync($"{cluster.Shares}/{custodian}.share"));
        var share = file.RootElement;
        Assert.True(Id16.TryParse(share.GetProperty("split").GetString(), out var split));
        var info = CustodyInfo.SealedShare(
            cluster.Api.Cluster, cluster.Api.Customer, share.GetProperty("epoch").GetUInt32(), split,
            share.GetProperty("index").GetUInt32());
        using var pem = SecretBuffer.CopyOf(await File.ReadAllBytesAsync($"{cluster.Console.Profile}/custodians/{custodian}.key"));
        using var key = P256PrivateKey.FromPkcs8Pem(pem);
        return Hpke.Open(key, info, [], share.GetProperty("sealed").GetBytesFromBase64());
    }
}
