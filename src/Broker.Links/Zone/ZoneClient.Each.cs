using Broker.Links.Versions;
using Broker.Protocol.Wire.Zone;
using Google.Protobuf;

namespace Broker.Links.Zone;

// What is asked of every node, and not of the next one.
public sealed partial class ZoneClient
{
    /// <summary>What the node that answered last speaks; 0 before the first answer.</summary>
    public uint LastVersion { get; private set; }

    /// <inheritdoc/>
    public override bool IsNear => _nodes.Known.All(static n => n.Version == 0) ||
        _nodes.Known.Any(static n => LinkVersion.IsNear(n.Version));

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<ZoneNodeAnswer>> DescribeEachAsync(
        DescribeRequest request, CancellationToken cancellationToken)
    {
        var body = request.ToByteArray();
        var nodes = await _nodes.OrderAsync(cancellationToken).ConfigureAwait(false);
        return await Task.WhenAll(nodes.OrderBy(static n => n.Address.AbsoluteUri, StringComparer.Ordinal)
            .Select(n => DescribeAsync(n, body, cancellationToken))).ConfigureAwait(false);
    }

    private async Task<ZoneNodeAnswer> DescribeAsync(ZoneNode node, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            var (reply, _) = await TryAsync(
                ZoneOperations.Describe, node, isLast: false, body, cancellationToken, cancellationToken).ConfigureAwait(false);
            return new ZoneNodeAnswer(node.Address, node.Version, reply);
        }
        catch (ZoneException)
        {
            return new ZoneNodeAnswer(node.Address, node.Version, null);
        }
    }
}
