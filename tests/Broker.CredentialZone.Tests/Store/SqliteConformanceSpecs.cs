using Broker.CredentialZone.Tests.Support;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>Releases on SQLite.</summary>
public sealed class SqliteReleaseSpecs() : ReleaseConformance(ZoneUnderTest.Sqlite);

/// <summary>Enrolments, claims and commits on SQLite.</summary>
public sealed class SqliteChangeSpecs() : ChangeConformance(ZoneUnderTest.Sqlite);

/// <summary>Changes of custody and rotations on SQLite.</summary>
public sealed class SqliteCustodySpecs() : CustodyConformance(ZoneUnderTest.Sqlite);

/// <summary>Outcomes, locks, invitations and generations on SQLite.</summary>
public sealed class SqliteLifeSpecs() : LifeConformance(ZoneUnderTest.Sqlite);

/// <summary>Transfers on SQLite.</summary>
public sealed class SqliteTransferSpecs() : TransferConformance(ZoneUnderTest.Sqlite);

/// <summary>Looks into backups on SQLite.</summary>
public sealed class SqliteBackupCheckSpecs() : BackupCheckConformance(ZoneUnderTest.Sqlite);
