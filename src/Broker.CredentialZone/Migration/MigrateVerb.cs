using Broker.CredentialZone.Node;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Broker.Host;
using Broker.Host.Running;

namespace Broker.CredentialZone.Migration;

/// <summary><c>broker-zone migrate</c>: makes a server's tables, brings them forward, gives the zone's role its rights.</summary>
internal static class MigrateVerb
{
    private const string As = "--as";
    private const string PasswordFile = "--password-file";
    private const string Grants = "--grants";
    private const string Print = "--print";

    /// <summary>The command.</summary>
    public static NodeVerb<ZoneSettings> Verb { get; } = new("migrate", """
        Makes the zone's tables on PostgreSQL or SQL Server, and brings those of an earlier version forward; never back

        The tables belong to whom --as names; the zone's own role, which the configuration names, then needs --grants. Take a backup before
        a migration. It goes first: zones of the version before run on, and are replaced one after the other once it is done. The embedded
        database needs none of this: a zone brings it forward itself.

        Example: broker-zone migrate --config /etc/broker/zone.conf --as broker_owner --password-file /root/owner.password --grants
                 broker-zone migrate --config /etc/broker/zone.conf --grants --print
        """,
        [
            new(As, "The owner of the tables; else the role of the configuration.", "ROLE", false),
            new(PasswordFile, "The owner's password, in a file with mode 0600; else none is sent.", "FILE", false),
            new(Grants, "Give the role of the configuration what a zone needs, and nothing more.", null, false),
            new(Print, "Print the statements instead, for who runs them by other means; nothing is connected to.", null, false),
        ], Run);

    private static int Run(ZoneSettings settings, NodeVerbInput input)
    {
        try
        {
            return settings switch
            {
                { Postgres: { } postgres } => Server(input, settings, postgres.User, new PostgresMigration(postgres)),
                { SqlServer: { } server } => Server(input, settings, server.User, new SqlServerMigration(server)),
                _ => Embedded(input, settings),
            };
        }
        catch (StoreException fault)
        {
            throw new StartException($"{settings.StoreDisplay}: {fault.Message}");
        }
    }

    private static int Embedded(NodeVerbInput input, ZoneSettings settings)
    {
        input.Output.WriteLine($"{settings.StoreDisplay} is an embedded database: broker-zone brings it forward when it starts");
        return ExitCodes.Ok;
    }

    private static int Server(NodeVerbInput input, ZoneSettings settings, string role, IServerMigration server)
    {
        var owner = input.Values.GetValueOrDefault(As);
        var isGranting = input.Values.ContainsKey(Grants);
        if (input.Values.ContainsKey(Print))
        {
            foreach (var statement in isGranting ? server.Grants(role) : server.Steps)
            {
                input.Output.WriteLine($"{statement.TrimEnd()};".Replace(";;", ";", StringComparison.Ordinal));
            }

            return ExitCodes.Ok;
        }

        if (isGranting && (owner is null || owner == role))
        {
            throw new StartException($"rights are given to {role} by the owner of the tables; name the owner with {As}");
        }

        if (settings.SqlServer is not null)
        {
            input.Error.WriteLine($"note       {SqlServerOptions.Standing}");
        }

        using var connected = server.Connect(owner, input.Values.GetValueOrDefault(PasswordFile));
        var found = connected.Migrate();
        input.Output.WriteLine(found == ServerSchema.Version
            ? $"ok         {settings.StoreDisplay} is of schema version {found} already"
            : $"migrated   {settings.StoreDisplay} from schema version {found} to {ServerSchema.Version}");
        if (isGranting)
        {
            connected.Grant(role);
            input.Output.WriteLine($"granted    {role} what a zone needs");
        }

        return ExitCodes.Ok;
    }
}
