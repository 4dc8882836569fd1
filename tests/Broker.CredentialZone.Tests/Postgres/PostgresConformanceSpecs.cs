using Broker.CredentialZone.Tests.Store;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>Releases on PostgreSQL.</summary>
public sealed class PostgresReleaseSpecs() : ReleaseConformance(PostgresTests.Open);

/// <summary>Enrolments, claims and commits on PostgreSQL.</summary>
public sealed class PostgresChangeSpecs() : ChangeConformance(PostgresTests.Open);

/// <summary>Changes of custody and rotations on PostgreSQL.</summary>
public sealed class PostgresCustodySpecs() : CustodyConformance(PostgresTests.Open);

/// <summary>Outcomes, locks, invitations and generations on PostgreSQL.</summary>
public sealed class PostgresLifeSpecs() : LifeConformance(PostgresTests.Open);

/// <summary>Transfers on PostgreSQL.</summary>
public sealed class PostgresTransferSpecs() : TransferConformance(PostgresTests.Open);
