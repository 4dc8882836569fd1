using System.Text.Json;
using Broker.Console.Shell;
using Broker.Protocol.Api;

namespace Broker.Console.Audit;

/// <summary>First line of an export.</summary>
/// <param name="Format">Always <see cref="Version1"/>.</param>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Custody">The custody record, which names the identity key.</param>
/// <param name="Successions">The successions that lead from the first identity to that one, where there are any.</param>
internal sealed record AuditHeader(
    string Format, string Cluster, string Customer, SignedModel Custody, IReadOnlyList<SignedModel>? Successions = null)
{
    public const string Version1 = "broker-audit/1";
}

/// <summary>A further line of an export: one receipt, with the block in it, of the cluster's chain or of the customer's.</summary>
internal sealed record AuditLine(string Chain, byte[] Receipt)
{
    public const string Cluster = "cluster";
    public const string Customer = "customer";
}

/// <summary>How far a chain was verified before: a later one that is shorter or another was cut or forged.</summary>
internal sealed record Checkpoint(ulong Blocks, string Hash, ulong ClusterBlocks, string ClusterHash);

/// <summary>Exports: one JSON object a line, the cluster's chain first, so that they are written and verified as they come.</summary>
internal static class AuditFiles
{
    private const int MaxLine = 4 << 20;

    /// <summary>Reads an export line by line.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CommandException">A line is not of the form.</exception>
    public static (AuditHeader Header, IEnumerable<AuditLine> Lines) Read(string path)
    {
        if (!File.Exists(path))
            throw CommandException.Usage($"{path} does not exist");
        var first = File.ReadLines(path).FirstOrDefault() ?? throw CommandException.Usage($"{path} is empty");
        var header = Parse(path, first, 1, ConsoleJson.Default.AuditHeader);
        return header.Format == AuditHeader.Version1
            ? (header, Lines(path))
            : throw CommandException.Usage($"{path} is not an export of this version");
    }

    /// <summary>One line of an export.</summary>
    public static string ToLine(AuditHeader header) => JsonSerializer.Serialize(header, ConsoleJson.Default.AuditHeader);

    /// <summary>One line of an export.</summary>
    public static string ToLine(AuditLine line) => JsonSerializer.Serialize(line, ConsoleJson.Default.AuditLine);

    private static IEnumerable<AuditLine> Lines(string path)
    {
        var number = 1;
        foreach (var text in File.ReadLines(path).Skip(1))
            yield return Parse(path, text, ++number, ConsoleJson.Default.AuditLine);
    }

    private static T Parse<T>(string path, string text, int number, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            if (text.Length <= MaxLine)
                return JsonSerializer.Deserialize(text, type) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw CommandException.Unverified(
            "export-malformed", $"{path} line {number} is not a line of an export; the file was cut or altered");
    }
}
