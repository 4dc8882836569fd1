using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Migration;

/// <summary>How one kind of server is migrated.</summary>
internal interface IServerMigration
{
    /// <summary>The statements of every step, from an empty database on.</summary>
    IReadOnlyList<string> Steps { get; }

    /// <summary>The statements that give a role its rights.</summary>
    IReadOnlyList<string> Grants(string role);

    /// <summary>Connects.</summary>
    /// <param name="owner">As whom, or null for the role of the configuration.</param>
    /// <param name="passwordFile">The owner's password, or null.</param>
    /// <exception cref="StoreException">It cannot be reached or trusted.</exception>
    IConnectedMigration Connect(string? owner, string? passwordFile);
}

/// <summary>A connection that migrates.</summary>
internal interface IConnectedMigration : IDisposable
{
    /// <summary>Brings the tables to this program's version, in one transaction.</summary>
    /// <returns>The version that was found: 0 where there were no tables.</returns>
    /// <exception cref="StoreException">They are newer, or the role may not do it.</exception>
    uint Migrate();

    /// <summary>Gives a role its rights.</summary>
    /// <exception cref="StoreException">There is no such role, or this one may not.</exception>
    void Grant(string role);
}
