using Broker.CredentialZone.Tests.Support;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>Releases on SQLite.</summary>
public sealed class SqliteReleaseSpecs() : ReleaseConformance(ZoneUnderTest.Sqlite);
