using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Host;
using Broker.Protocol.Backup;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Backup;

/// <summary>
/// Writes what those who hold keys need to see that a backup can be opened: of each customer the head and one row with its proof.
/// </summary>
internal static class ManifestFile
{
    private const int Page = 256;

    /// <summary>Rows of a customer among which the smallest one is taken.</summary>
    private const int Looked = 32;

    /// <summary>Writes the manifest of a backup that was verified.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="target">A file that does not exist; mode 0600.</param>
    /// <param name="cluster">This installation.</param>
    /// <returns>How many customers are in it, and how many of them with a row.</returns>
    /// <exception cref="StartException">A file cannot be read or written.</exception>
    public static (int Customers, int Rows) Write(string backup, string target, Name cluster)
    {
        try
        {
            using var connection = SqliteConnectionHandle.OpenUnchanging(backup);
            connection.Script("PRAGMA trusted_schema = OFF");
            connection.Run("BEGIN");
            var tables = new SqliteReader(connection);
            var customers = Customers(tables).ToList();
            StoreCopy.Create(target);
            using var writer = new StreamWriter(target) { NewLine = "\n" };
            return (customers.Count, BackupManifest.Write(
                writer, cluster, customers.Count, customers.Select(name => (name, Prove(tables, tables.Customer(name)!)))));
        }
        catch (StoreException fault)
        {
            throw new StartException($"{backup}: {fault.Message}");
        }
        catch (IOException fault)
        {
            throw new StartException($"{target}: {fault.Message}");
        }
    }

    private static IEnumerable<Name> Customers(SqliteReader tables)
    {
        for (var after = ""; ;)
        {
            var page = tables.Customers(after, Page);
            foreach (var customer in page)
            {
                yield return customer;
                after = customer.Value;
            }

            if (page.Count < Page)
            {
                yield break;
            }
        }
    }

    // A row of the current epoch where there is one: those before may be waiting for their rotation, and are opened by it.
    private static BackupProof Prove(SqliteReader tables, CustomerRecord customer)
    {
        var row = tables.Entries(customer.Customer, EntryKey.RowType, "", Looked)
            .OrderByDescending(static r => r.Epoch).ThenBy(static r => r.Statement.Length).FirstOrDefault();
        if (row is null)
        {
            return new BackupProof(customer.SignedHead, "", default, default);
        }

        var proven = EntryCache.Read(tables, new SparseTree(tables.Nodes(customer.Customer)), customer, row.Key);
        return new BackupProof(customer.SignedHead, row.Key.Id, row.Statement, proven.Proof);
    }
}
