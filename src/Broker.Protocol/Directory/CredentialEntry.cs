using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>The metadata of a credential: what a listing shows. The rows of its versions stand beside it under the same head.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Credential">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Policy">The release policy that governs it.</param>
/// <param name="Version">The latest version, from 1.</param>
/// <param name="Length">Bytes of the latest version.</param>
/// <param name="Updated">When the latest version was put.</param>
/// <param name="By">Who put it.</param>
public sealed record CredentialEntry(
    Name Cluster,
    Name Customer,
    Name Credential,
    CredentialKind Kind,
    Name Policy,
    uint Version,
    uint Length,
    DateTimeOffset Updated,
    Name By) : IStatement<CredentialEntry>
{
    private const string Label = "broker/credential/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(Credential).Text(Kind.ToText()).Name(Policy).U32(Version).U32(Length).Time(Updated)
        .Name(By).ToArray();

    /// <inheritdoc/>
    public static CredentialEntry Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var entry = new CredentialEntry(
            r.Name(), r.Name(), r.Name(), CredentialKinds.Parse(r.Text()), r.Name(), r.U32(), r.U32(), r.Time(), r.Name());
        r.End();
        return entry;
    }
}
