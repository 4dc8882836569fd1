using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>A rotation as people make it, to its end.</summary>
internal static class Rotation
{
    /// <summary>Rotates to the same custodians; each confirms, and every row is encrypted anew.</summary>
    /// <param name="cluster">The broker, with the customer unlocked.</param>
    /// <param name="keyWay">The key way <c>safe</c>: the folder of its key, or null for shares alone.</param>
    /// <returns>The directory with the new files of the holders.</returns>
    public static async Task<string> RotateAsync(Cluster cluster, string? keyWay = null)
    {
        var (console, made) = (cluster.Console, cluster.InTemporary("rotated"));
        string[] custodians =
            [.. Certificates.Custodians.SelectMany(c => new[] { "--custodian", $"{c}={console.Profile}/custodians/{c}.pub" })];
        string[] second = keyWay is null ? ["--one-way-only"] : ["--key-way", $"safe={keyWay}/ways/safe.pub"];
        await console.OkAsync(["customer", "rotate", "acme", "--threshold", "2", .. custodians, .. second, "--shares-directory", made]);
        foreach (var custodian in Certificates.Custodians)
            await console.ConfirmAsync("acme", "--custodian", custodian, "--share", ShareOf(made, custodian));
        if (keyWay is not null)
            await console.ConfirmAsync("acme", "--wrap", FileOf(made, "safe.wrap"), "--key", $"{keyWay}/ways/safe.key");
        await console.OkAsync("customer", "rotate", "acme", "--follow");
        return made;
    }

    /// <summary>A custodian's new share.</summary>
    public static string ShareOf(string made, string custodian) => FileOf(made, custodian + ".share");

    /// <summary>A file of the new custody.</summary>
    public static string FileOf(string made, string name) => Directory.GetFiles(made, name, SearchOption.AllDirectories).Single();
}
