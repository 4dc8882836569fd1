using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Store;

/// <summary>The end of a chain of blocks.</summary>
/// <param name="Chain">The customer, or <see cref="Block.ClusterChain"/>.</param>
/// <param name="Length">Blocks.</param>
/// <param name="Hash">Hash of the last one; zero when there is none.</param>
/// <param name="Entered">Length that was last entered in the cluster's chain.</param>
internal sealed record ChainState(string Chain, ulong Length, Digest Hash, ulong Entered);
