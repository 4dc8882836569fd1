using System.Diagnostics;
using System.Security.Cryptography;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Secrets;
using Microsoft.Data.Sqlite;

namespace Broker.Benchmarks.Custody;

/// <summary>
/// The least that encrypting rows anew can cost: each opened and sealed again by AES-256-GCM under a fresh key, and replaced in SQLite
/// with the bytes that a row has there, as many under one durable commit as the broker puts.
/// </summary>
internal static class RawRows
{
    private const int Batch = RotationIntent.MaxRows;
    private const int Tag = 16;

    /// <summary>Rows per second.</summary>
    /// <param name="directory">Where the database is for as long as this takes.</param>
    /// <param name="rows">How many.</param>
    /// <param name="of">What their headers say, but for the credential's number.</param>
    public static double PerSecond(string directory, int rows, RowHeader of)
    {
        var path = Path.Combine(directory, $"raw-{Environment.ProcessId}.db");
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Run(
            connection,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, row BLOB NOT NULL)");
        var (key, header, opened, fresh) = (new byte[32], of.Encode(), new byte[of.Length], new byte[32]);
        var row = new StoredRow(
            header, new byte[StoredRow.SaltLength], new byte[StoredRow.SaltLength], new byte[opened.Length + Tag]).Encode();
        Seal(key, header, opened, row);
        Replace(connection, rows, static () => { }, row);
        var start = Stopwatch.GetTimestamp();
        Replace(
            connection, rows,
            () =>
            {
                using var cipher = new AesGcm(key, Tag);
                cipher.Decrypt(new byte[12], row.AsSpan(^(opened.Length + Tag)..^Tag), row.AsSpan(^Tag..), opened, header);
                SystemRandom.Fill(fresh);
                Seal(fresh, header, opened, row);
                fresh.CopyTo(key, 0);
            },
            row);
        var rate = rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
        connection.Close();
        foreach (var file in Directory.GetFiles(directory, Path.GetFileName(path) + "*"))
            File.Delete(file);
        return rate;
    }

    private static void Replace(SqliteConnection connection, int rows, Action make, byte[] row)
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
                make();
                (id.Value, blob.Value) = (i, row);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
        }
    }

    private static void Seal(byte[] key, byte[] header, byte[] plaintext, byte[] row)
    {
        using var cipher = new AesGcm(key, Tag);
        cipher.Encrypt(new byte[12], plaintext, row.AsSpan(^(plaintext.Length + Tag)..^Tag), row.AsSpan(^Tag..), header);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
