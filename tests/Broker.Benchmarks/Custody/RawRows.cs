using System.Diagnostics;
using System.Security.Cryptography;
using Broker.Protocol.Ledger;
using Broker.Secrets;
using Microsoft.Data.Sqlite;

namespace Broker.Benchmarks.Custody;

/// <summary>
/// The least that encrypting rows anew can cost: each opened and sealed again by AES-256-GCM under a fresh key, and replaced in SQLite,
/// as many under one durable commit as the broker puts.
/// </summary>
internal static class RawRows
{
    private const int Batch = RotationIntent.MaxRows;
    private const int Header = 120;

    /// <summary>Rows per second.</summary>
    public static double PerSecond(string directory, int rows, int plaintext)
    {
        var path = Path.Combine(directory, $"raw-{Environment.ProcessId}.db");
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Run(
            connection,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, row BLOB NOT NULL)");
        var (key, header) = (new byte[32], new byte[Header]);
        var sealedRow = new byte[plaintext + 16];
        Seal(key, header, new byte[plaintext], sealedRow);
        Replace(connection, rows, static _ => { }, sealedRow);
        var start = Stopwatch.GetTimestamp();
        var opened = new byte[plaintext];
        var fresh = new byte[32];
        Replace(
            connection, rows,
            _ =>
            {
                using var cipher = new AesGcm(key, 16);
                cipher.Decrypt(new byte[12], sealedRow.AsSpan(..plaintext), sealedRow.AsSpan(plaintext), opened, header);
                SystemRandom.Fill(fresh);
                Seal(fresh, header, opened, sealedRow);
                fresh.CopyTo(key, 0);
            },
            sealedRow);
        var rate = rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
        connection.Close();
        foreach (var file in Directory.GetFiles(directory, Path.GetFileName(path) + "*"))
            File.Delete(file);
        return rate;
    }

    private static void Replace(SqliteConnection connection, int rows, Action<int> make, byte[] row)
    {
        for (var at = 0; at < rows; at += Batch)
        {
            using var transaction = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "INSERT OR REPLACE INTO rows (id, row) VALUES ($id, $row)";
            var id = command.Parameters.Add("$id", SqliteType.Integer);
            var blob = command.Parameters.Add("$row", SqliteType.Blob);
            for (var i = at; i < Math.Min(at + Batch, rows); i++)
            {
                make(i);
                (id.Value, blob.Value) = (i, row);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
        }
    }

    private static void Seal(byte[] key, byte[] header, byte[] plaintext, byte[] sealedRow)
    {
        using var cipher = new AesGcm(key, 16);
        cipher.Encrypt(new byte[12], plaintext, sealedRow.AsSpan(..plaintext.Length), sealedRow.AsSpan(plaintext.Length), header);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
