using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Store;

/// <summary>A batch of blocks under one signature.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Batch">The statement and the ledger key's signature.</param>
internal sealed record BatchRecord(long Id, Signed Batch);
