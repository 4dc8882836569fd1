using Broker.Protocol.Ledger;

namespace Broker.Console.Audit;

/// <summary>Where a chain breaks, and how.</summary>
/// <param name="chain">The chain; empty for the cluster's.</param>
/// <param name="position">Position of the block that does not hold.</param>
/// <param name="code">A stable code.</param>
/// <param name="detail">In words.</param>
internal sealed class AuditException(string chain, ulong position, string code, string detail) : Exception(detail)
{
    public string Chain { get; } = chain == Block.ClusterChain ? AuditLine.Cluster : chain;

    public ulong Position { get; } = position;

    public string Code { get; } = code;
}
