using System.Collections.Concurrent;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>Databases with the zone's tables, one for each directory of a test.</summary>
internal static class PostgresTests
{
    private static readonly ConcurrentDictionary<string, string> Databases = new();
    private static readonly Lock Making = new();
    private static string? _template;

    /// <summary>Opens the database of a directory, makes it where there is none.</summary>
    public static Func<string, IZoneDatabase> Open => directory => PostgresDatabase.Open(Options(directory));

    /// <summary>How the database of a directory is reached.</summary>
    public static PostgresOptions Options(string directory)
    {
        var server = PostgresServer.Needed();
        return server.Options(Databases.GetOrAdd(directory, _ => server.NewDatabase(Template(server))));
    }

    /// <summary>A database with the tables and nothing in them.</summary>
    public static string NewDatabase()
    {
        var server = PostgresServer.Needed();
        return server.NewDatabase(Template(server));
    }

    /// <summary>Removes the database of a directory, if it has one.</summary>
    public static void Drop(string directory)
    {
        if (Databases.TryRemove(directory, out var name))
        {
            PostgresServer.Needed().Sql("postgres", $"DROP DATABASE {name} WITH (FORCE)");
        }
    }

    private static string Template(PostgresServer server)
    {
        lock (Making)
        {
            if (_template is null)
            {
                var name = server.NewDatabase();
                using (var source = PostgresConnections.Create(server.Options(name)))
                {
                    PostgresSchema.Migrate(source);
                }

                _template = name;
            }

            return _template;
        }
    }
}
