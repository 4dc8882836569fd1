using Broker.CredentialZone.Tests.Store;

namespace Broker.CredentialZone.Tests.SqlServer;

/// <summary>Releases on SQL Server.</summary>
public sealed class SqlServerReleaseSpecs() : ReleaseConformance(SqlServerTests.Open);

/// <summary>Enrolments, claims and commits on SQL Server.</summary>
public sealed class SqlServerChangeSpecs() : ChangeConformance(SqlServerTests.Open);

/// <summary>Changes of custody and rotations on SQL Server.</summary>
public sealed class SqlServerCustodySpecs() : CustodyConformance(SqlServerTests.Open);

/// <summary>Outcomes, locks, invitations and generations on SQL Server.</summary>
public sealed class SqlServerLifeSpecs() : LifeConformance(SqlServerTests.Open);

/// <summary>Transfers on SQL Server.</summary>
public sealed class SqlServerTransferSpecs() : TransferConformance(SqlServerTests.Open);
