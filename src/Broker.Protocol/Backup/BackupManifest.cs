using System.Globalization;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Backup;

/// <summary>
/// The file beside a backup by which those who hold keys see whether it can be opened: a line that names installation and number of
/// customers, then for each customer its name and a <see cref="BackupProof"/> in base64.
/// </summary>
public static class BackupManifest
{
    /// <summary>The line before the customers begins so.</summary>
    public const string Version1 = "broker-backup-manifest/1";

    /// <summary>Most characters of a line: a row of 1 MiB, its proof and head, in base64.</summary>
    public const int MaxLine = 2 << 20;

    /// <summary>Writes.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="cluster">The installation.</param>
    /// <param name="count">How many customers follow.</param>
    /// <param name="customers">Them.</param>
    /// <returns>How many of them have a row.</returns>
    public static int Write(TextWriter writer, Name cluster, int count, IEnumerable<(Name Customer, BackupProof Proof)> customers)
    {
        writer.Write(string.Create(CultureInfo.InvariantCulture, $"{Version1} {cluster} {count}\n"));
        var rows = 0;
        foreach (var (customer, proof) in customers)
        {
            writer.Write($"{customer} {Convert.ToBase64String(proof.Encode())}\n");
            rows += proof.HasRow ? 1 : 0;
        }

        return rows;
    }

    /// <summary>Reads the first line.</summary>
    /// <exception cref="MalformedException">It is not one of this version.</exception>
    public static (Name Cluster, int Count) ReadFirst(string? line) =>
        line?.Split(' ') is [Version1, var cluster, var count] &&
        int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (Name.Parse(cluster), number)
            : throw new MalformedException("this is no manifest of a backup");

    /// <summary>Reads the line of a customer.</summary>
    /// <exception cref="MalformedException">It is not one.</exception>
    public static (Name Customer, byte[] Proof) ReadLine(string line)
    {
        if (line.Length > MaxLine || line.Split(' ') is not [var customer, var text])
        {
            throw new MalformedException("this is no line of a manifest");
        }

        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length))
        {
            throw new MalformedException("a line of the manifest is not base64");
        }

        Statement.Read<BackupProof>(bytes.AsSpan(0, length));
        return (Name.Parse(customer), bytes[..length]);
    }
}
