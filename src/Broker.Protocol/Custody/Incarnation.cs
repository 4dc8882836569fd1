using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>One start of a DMZ node; signed by the key of the node's certificate.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Node">The node.</param>
/// <param name="Key">The key made at start in locked memory, to which custodians seal shares.</param>
/// <param name="Binary">SHA-256 of the node's executable.</param>
/// <param name="Started">When it started.</param>
public sealed record Incarnation(Name Cluster, Name Node, PublicKey Key, Digest Binary, DateTimeOffset Started) : IStatement<Incarnation>
{
    private const string Label = "broker/incarnation/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Cluster).Name(Node).Key(Key).Digest(Binary).Time(Started).ToArray();

    /// <inheritdoc/>
    public static Incarnation Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var incarnation = new Incarnation(r.Name(), r.Name(), r.Key(), r.Digest(), r.Time());
        r.End();
        return incarnation;
    }
}
