using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>A name and a public key: a custodian, or a first administrator.</summary>
/// <param name="Name">The name.</param>
/// <param name="Key">The key.</param>
public sealed record NamedKey(Name Name, PublicKey Key)
{
    internal static void Write(EncWriter writer, NamedKey value) => writer.Name(value.Name).Key(value.Key);

    internal static NamedKey Read(ref EncReader reader) => new(reader.Name(), reader.Key());
}

/// <summary>What enrolment asks for; signed by the key of a console certificate that has the attribute <c>enrol</c>.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Incarnation">Fingerprint of the node incarnation that is to make the secret.</param>
/// <param name="Ways">Ways of custody; today <c>shares</c>.</param>
/// <param name="Threshold">k: custodians who together unlock, 2 to 16.</param>
/// <param name="Custodians">n custodians with the keys to which shares are sealed.</param>
/// <param name="Administrators">The first administrators with their signing keys.</param>
/// <param name="AdministratorsRequired">Signatures of administrators on what is grave: 1 or 2.</param>
/// <param name="NotAfter">The plan is refused later.</param>
public sealed record EnrolmentPlan(
    Name Cluster,
    Name Customer,
    Digest Incarnation,
    IReadOnlyList<Name> Ways,
    uint Threshold,
    IReadOnlyList<NamedKey> Custodians,
    IReadOnlyList<NamedKey> Administrators,
    uint AdministratorsRequired,
    DateTimeOffset NotAfter) : IStatement<EnrolmentPlan>
{
    /// <summary>The way of Shamir shares.</summary>
    public static readonly Name Shares = Name.Parse("shares");

    private const string Label = "broker/plan/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Digest(Incarnation).Names(Ways).U32(Threshold).List(Custodians, NamedKey.Write)
        .List(Administrators, NamedKey.Write).U32(AdministratorsRequired).Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static EnrolmentPlan Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var plan = new EnrolmentPlan(
            r.Name(), r.Name(), r.Digest(), r.Names(3), r.U32(), r.List(NamedKey.Read, 16), r.List(NamedKey.Read, 16), r.U32(), r.Time());
        r.End();
        return plan;
    }

    /// <summary>Checks what the plan asks for.</summary>
    /// <exception cref="MalformedException">A number or a list does not fit.</exception>
    public void Validate()
    {
        var problem = this switch
        {
            _ when Ways.Count != 1 || Ways[0] != Shares => "the only way of custody is shares",
            _ when Custodians.Count is < 2 or > 16 => "a customer has 2 to 16 custodians",
            _ when Threshold < 2 || Threshold > Custodians.Count => "the threshold is 2 to the number of custodians",
            _ when Custodians.DistinctBy(c => c.Key).Count() != Custodians.Count => "each custodian has a key of their own",
            _ when Custodians.DistinctBy(c => c.Name).Count() != Custodians.Count => "each custodian has a name of their own",
            _ when Administrators.Count == 0 => "at least one administrator is needed",
            _ when Administrators.DistinctBy(a => a.Name).Count() != Administrators.Count => "each administrator has a name of their own",
            _ when Administrators.DistinctBy(a => a.Key).Count() != Administrators.Count => "each administrator has a key of their own",
            _ when AdministratorsRequired is not (1 or 2) => "1 or 2 administrators are required for what is grave",
            _ when AdministratorsRequired > Administrators.Count => "more administrators are required than there are",
            _ => null,
        };
        if (problem is not null)
        {
            throw new MalformedException(problem);
        }
    }
}
