namespace Broker.CredentialZone.Store;

/// <summary>What a database is, and how far behind its standbys are.</summary>
/// <param name="Kind"><c>sqlite</c>, <c>postgresql</c> or <c>sqlserver</c>.</param>
/// <param name="Schema">Version of the tables.</param>
/// <param name="Standbys">Standbys that are connected; null where that cannot be known.</param>
/// <param name="Lag">How far the one furthest behind is; null where there is none, or the zone's role may not see it.</param>
internal sealed record DatabaseStanding(string Kind, uint Schema, uint? Standbys, ReplicationLag? Lag);

/// <summary>What the standby furthest behind has not flushed yet.</summary>
/// <param name="Bytes">Of the log.</param>
/// <param name="Time">How long ago that was written, as the server measured it last.</param>
internal sealed record ReplicationLag(ulong Bytes, TimeSpan Time);
