using System.Data;
using System.Globalization;
using System.Text.RegularExpressions;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.Tests.SqlServer;

/// <summary>What can be held without a server: the rules for the statements, the parameters and the connections.</summary>
public sealed class SqlServerTextSpecs
{
    private static readonly SqlServerOptions Options =
        new("db.example", 1433, "broker_zone", "zone", "", 4, 0, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(4), AcceptLoss: false);

    private static string[] Texts =>
    [
        .. SqlServerTexts.All.All, SqlServerTexts.CustomerKept, SqlServerTexts.ChainKept, ServerSchema.Step("sqlserver", 1),
        .. SqlServerSchema.Grants("zone"),
    ];

    [Theory]
    [InlineData("MERGE")]
    [InlineData("READPAST")]
    [InlineData("NOLOCK")]
    [InlineData("READUNCOMMITTED")]
    [InlineData("ON CONFLICT")]
    [InlineData("LIMIT")]
    [InlineData("RETURNING")]
    [InlineData("FOR UPDATE")]
    [InlineData("FOR SHARE")]
    [InlineData("excluded")]
    [InlineData("bytea")]
    public void Statements_should_not_use(string word) => Assert.All(
        Texts, text => Assert.False(Regex.IsMatch(text, $@"\b{word}\b", RegexOptions.IgnoreCase), text));

    [Fact]
    public void Statements_that_lock_should_do_so_with_a_hint_that_row_versions_respect()
    {
        Assert.All(
            new[] { SqlServerTexts.All.CustomerHeld, SqlServerTexts.All.ChainHeld },
            t => Assert.Contains("XLOCK", t, StringComparison.Ordinal));
        Assert.All(
            new[] { SqlServerTexts.CustomerKept, SqlServerTexts.ChainKept, SqlServerTexts.All.MetaHeld },
            t => Assert.Contains("REPEATABLEREAD", t, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_parameter_should_be_numbered_without_a_gap_on_both_servers()
    {
        foreach (var text in Texts.Concat(PostgresTexts.All.All))
        {
            var numbers = Regex.Matches(text, @"\$(\d+)")
                .Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToHashSet();
            Assert.Equal(Enumerable.Range(1, numbers.Count), numbers.Order());
            Assert.DoesNotContain("$", SqlServerParameters.Named(text), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_parameter_should_have_a_type_and_a_length()
    {
        SqlValue[] values =
        [
            1L, 1ul, true, "text", Name.Parse("name"), Digest.Of([1]), new Id16(new byte[16]), DateTimeOffset.UnixEpoch,
            SqlValue.Bytes([1]), SqlValue.Blob(new byte[100_000]), SqlValue.BlobOrNull(default), SqlValue.NumberOrNull(null),
            SqlValue.NumberOrNull(1),
        ];
        foreach (var value in values)
        {
            var parameter = SqlServerParameters.Of(1, value);
            var expected = value.Kind switch
            {
                SqlKind.Number => (SqlDbType.BigInt, 8),
                SqlKind.Text => (SqlDbType.NVarChar, 400),
                SqlKind.Bytes => (SqlDbType.VarBinary, 64),
                _ => (SqlDbType.VarBinary, -1),
            };
            Assert.Equal(expected, (parameter.SqlDbType, parameter.Size));
        }

        Assert.Throws<ArgumentException>(() => SqlServerParameters.Of(1, SqlValue.Texts(["a"])));
        Assert.Throws<StoreException>(() => SqlServerParameters.Of(1, new string('a', 401)));
        Assert.Throws<StoreException>(() => SqlServerParameters.Of(1, SqlValue.Bytes(new byte[65])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Encrypt=false;TrustServerCertificate=true;MultipleActiveResultSets=true;Persist Security Info=true;Enlist=true")]
    public void Connections_should_be_verified_and_without_mars_whatever_was_asked_for(string asked)
    {
        var text = new SqlConnectionStringBuilder(SqlServerConnections.Ruled(new SqlConnectionStringBuilder(asked), Options));
        Assert.True(text.Encrypt);
        Assert.False(text.TrustServerCertificate);
        Assert.False(text.MultipleActiveResultSets);
        Assert.False(text.PersistSecurityInfo);
        Assert.False(text.Enlist);
        Assert.Equal(0, text.ConnectRetryCount);
        Assert.Equal(6, text.MaxPoolSize);
    }

    [Fact]
    public void Tables_should_be_those_of_the_other_server()
    {
        Assert.Equal(Tables("postgresql"), Tables("sqlserver"));
        Assert.Equal(
            ServerSchema.Rights.Select(static r => r.Table).Order(), Tables("sqlserver").Select(static t => t.Split(' ')[0]).Order());
    }

    [Theory]
    [InlineData(2, false, 0, 0, "DELAYED_DURABILITY")]
    [InlineData(0, true, 0, 0, "VIEW ANY DEFINITION")]
    [InlineData(0, true, 3, 1, "SYNCHRONOUS_COMMIT")]
    public void Server_that_may_lose_what_it_acknowledged_should_be_refused(
        int delayed, bool replicated, int visible, int asynchronous, string says) => Assert.Contains(
            says, Assert.Throws<StoreException>(() => SqlServerDurability.Judge(delayed, replicated, visible, asynchronous)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Server_that_keeps_what_it_acknowledged_should_be_taken()
    {
        SqlServerDurability.Judge(0, isReplicated: false, visible: 0, asynchronous: 0);
        SqlServerDurability.Judge(1, isReplicated: true, visible: 3, asynchronous: 0);
    }

    [Theory]
    [InlineData(1205, 13, true)]
    [InlineData(2627, 14, true)]
    [InlineData(10054, 20, true)]
    [InlineData(547, 16, false)]
    [InlineData(8134, 16, false)]
    public void Transience_should_be_judged_by_number_and_severity(int number, int severity, bool isTransient) =>
        Assert.Equal(isTransient, SqlServerFaults.IsTransient(number, severity));

    // The tables with their columns, in order.
    private static List<string> Tables(string engine) =>
    [
        .. Regex.Matches(ServerSchema.Step(engine, 1), @"CREATE TABLE (?:dbo\.)?(\w+) \((.*?)\n\)", RegexOptions.Singleline)
            .Select(static m => $"{m.Groups[1].Value} {string.Join(' ', Columns(m.Groups[2].Value))}"),
    ];

    private static IEnumerable<string> Columns(string table) =>
        Regex.Matches(table, "^    ([a-z_]+) ", RegexOptions.Multiline).Select(static c => c.Groups[1].Value);
}
