using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>What enrolment asks for; signed by the key of a console certificate that has the attribute <c>enrol</c>.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Incarnation">Fingerprint of the node incarnation that is to make the secret.</param>
/// <param name="Ways">The ways of custody, two or more.</param>
/// <param name="OneWayOnly">Whether one way is enough: who loses it has lost the data.</param>
/// <param name="Administrators">The first administrators with their signing keys.</param>
/// <param name="AdministratorsRequired">Signatures of administrators on what is grave: 1 or 2.</param>
/// <param name="NotAfter">The plan is refused later.</param>
public sealed record EnrolmentPlan(
    Name Cluster,
    Name Customer,
    Digest Incarnation,
    IReadOnlyList<CustodyWay> Ways,
    bool OneWayOnly,
    IReadOnlyList<NamedKey> Administrators,
    uint AdministratorsRequired,
    DateTimeOffset NotAfter) : IStatement<EnrolmentPlan>
{
    private const string Label = "broker/plan/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Digest(Incarnation).List(Ways, CustodyWay.Write).Flag(OneWayOnly)
        .List(Administrators, NamedKey.Write).U32(AdministratorsRequired).Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static EnrolmentPlan Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var plan = new EnrolmentPlan(
            r.Name(), r.Name(), r.Digest(), r.List(CustodyWay.Read, CustodyWay.MaxWays), r.Flag(), r.List(NamedKey.Read, 16), r.U32(),
            r.Time());
        r.End();
        return plan;
    }

    /// <summary>Checks what the plan asks for.</summary>
    /// <exception cref="MalformedException">A number or a list does not fit.</exception>
    public void Validate()
    {
        CustodyWay.Validate(Ways, OneWayOnly);
        var problem = this switch
        {
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
