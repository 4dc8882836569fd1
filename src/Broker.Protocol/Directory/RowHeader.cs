using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>The authenticated header of a row.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Credential">The credential.</param>
/// <param name="Version">The version, from 1.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Epoch">The customer's epoch whose secret encrypts the row.</param>
/// <param name="Length">Bytes of the plaintext, 0 to 1 MiB.</param>
public sealed record RowHeader(
    Name Cluster, Name Customer, Name Credential, uint Version, CredentialKind Kind, uint Epoch, uint Length) : IStatement<RowHeader>
{
    internal const string Label = "broker/row/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(Credential).U32(Version).Text(Kind.ToText()).U32(Epoch).U32(Length).ToArray();

    /// <inheritdoc/>
    public static RowHeader Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var header = new RowHeader(
            r.Name(), r.Name(), r.Name(), r.U32(), CredentialKinds.Parse(r.Text()), r.U32(), r.U32());
        r.End();
        return header;
    }
}
