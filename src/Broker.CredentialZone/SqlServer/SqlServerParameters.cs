using System.Collections.Concurrent;
using System.Data;
using System.Text.RegularExpressions;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>Parameters as SQL Server has them: named, and each of a stated type and length, so that a plan is found again.</summary>
internal static partial class SqlServerParameters
{
    private const int TextLength = 400;
    private const int BytesLength = 64;
    private const int Max = -1;

    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    /// <summary>The statement with <c>@p1</c> for <c>$1</c>.</summary>
    public static string Named(string sql) => Texts.GetOrAdd(sql, static text => Numbered().Replace(text, "@p$1"));

    /// <summary>A parameter.</summary>
    /// <param name="number">From 1.</param>
    /// <param name="value">Its value.</param>
    public static SqlParameter Of(int number, SqlValue value)
    {
        var (type, length) = value.Kind switch
        {
            SqlKind.Number => (SqlDbType.BigInt, 8),
            SqlKind.Text => (SqlDbType.NVarChar, TextLength),
            SqlKind.Bytes => (SqlDbType.VarBinary, BytesLength),
            SqlKind.Blob => (SqlDbType.VarBinary, Max),
            _ => throw new ArgumentException("sql server takes no arrays", nameof(value)),
        };
        if (value.Value is string { Length: > TextLength } ||
            (value.Kind == SqlKind.Bytes && value.Value is byte[] { Length: > BytesLength }))
        {
            // The driver would cut it off, and say nothing.
            throw new StoreException("a text or a key is longer than the database takes");
        }

        return new SqlParameter($"@p{number}", type, length) { Value = value.Value ?? DBNull.Value };
    }

    [GeneratedRegex(@"\$(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();
}
