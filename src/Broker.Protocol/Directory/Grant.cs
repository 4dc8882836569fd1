using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>An agent in a customer's directory: what the identity key says of the agent's key.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The customer's epoch, from 1.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Key">The key that signs the agent's hellos and is in its certificate.</param>
/// <param name="Instance">The instance that the agent was enrolled for.</param>
/// <param name="Labels">Labels that release policies may name.</param>
/// <param name="Boot">The kernel boot id under which it was granted: an expired grant renews only there.</param>
/// <param name="NotBefore">Begin of validity.</param>
/// <param name="NotAfter">End of validity, 24 h later.</param>
/// <param name="Identity">Fingerprint of the customer's identity key, which the agent pins.</param>
public sealed record Grant(
    Name Cluster,
    Name Customer,
    uint Epoch,
    Name Agent,
    PublicKey Key,
    string Instance,
    IReadOnlyList<Name> Labels,
    Id16 Boot,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    Digest Identity) : IStatement<Grant>
{
    private const string Label = "broker/grant/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Name(Agent).Key(Key).Text(Instance).Names(Labels).Id(Boot)
        .Time(NotBefore).Time(NotAfter).Digest(Identity).ToArray();

    /// <inheritdoc/>
    public static Grant Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var grant = new Grant(
            r.Name(), r.Name(), r.U32(), r.Name(), r.Key(), r.Text(), r.Names(64), r.Id(), r.Time(), r.Time(), r.Digest());
        r.End();
        return grant;
    }
}
