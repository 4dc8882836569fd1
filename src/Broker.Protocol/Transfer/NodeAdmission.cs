using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>
/// People of the cluster's admission list vouch for one start of one node: for every customer, as long as it lives and this lasts.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">Fingerprint of the incarnation.</param>
/// <param name="Binary">SHA-256 of the executable that they expect; compared with what the incarnation says of itself.</param>
/// <param name="NotAfter">At most <see cref="MaxLife"/> ahead.</param>
public sealed record NodeAdmission(Name Cluster, Name Node, Digest Incarnation, Digest Binary, DateTimeOffset NotAfter)
    : IStatement<NodeAdmission>
{
    /// <summary>Signatures of different people that are needed.</summary>
    public const int People = 2;

    /// <summary>Longest life.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromHours(24);

    private const string Label = "broker/node-admission/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Cluster).Name(Node).Digest(Incarnation).Digest(Binary).Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static NodeAdmission Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var admission = new NodeAdmission(r.Name(), r.Name(), r.Digest(), r.Digest(), r.Time());
        r.End();
        return admission;
    }
}
