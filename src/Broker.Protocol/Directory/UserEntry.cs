using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>A user in a customer's directory.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="User">The account.</param>
/// <param name="Role">What the user may do.</param>
/// <param name="Key">The key that signs the user's requests.</param>
public sealed record UserEntry(Name Cluster, Name Customer, Name User, Role Role, PublicKey Key) : IStatement<UserEntry>
{
    private const string Label = "broker/user/1";

    /// <inheritdoc/>
    public byte[] Encode() =>
        new EncWriter(Label).Name(Cluster).Name(Customer).Name(User).Text(Role.ToText()).Key(Key).ToArray();

    /// <inheritdoc/>
    public static UserEntry Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var entry = new UserEntry(r.Name(), r.Name(), r.Name(), Roles.Parse(r.Text()), r.Key());
        r.End();
        return entry;
    }
}
