using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>How a hand-off or its use ended.</summary>
/// <param name="HandOff">The hand-off.</param>
/// <param name="Attempt">The attempt that the outcome is of.</param>
/// <param name="Request">SHA-256 of the request's statement.</param>
/// <param name="State">A constant of <see cref="HandOffState"/>.</param>
/// <param name="Code">A stable code that says more, or empty.</param>
/// <param name="Time">When the key actor knew.</param>
public sealed record Outcome(Id16 HandOff, uint Attempt, Digest Request, string State, string Code, DateTimeOffset Time)
{
    /// <summary>Appends the fields.</summary>
    public static void Write(EncWriter writer, Outcome value) => writer
        .Id(value.HandOff).U32(value.Attempt).Digest(value.Request).Text(value.State).Text(value.Code).Time(value.Time);

    /// <summary>Reads the fields.</summary>
    public static Outcome ReadFrom(ref EncReader reader) =>
        new(reader.Id(), reader.U32(), reader.Digest(), reader.Text(), reader.Text(), reader.Time());
}

/// <summary>
/// Outcomes of one customer in the order in which the key actor knew them; signed by the identity key as one, and appended as one
/// block under the fence. One signature covers as many as gathered while the one before was appended.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Items">1 to <see cref="MaxItems"/>.</param>
public sealed record Outcomes(Name Cluster, Name Customer, IReadOnlyList<Outcome> Items) : IStatement<Outcomes>
{
    /// <summary>Most outcomes of one statement.</summary>
    public const int MaxItems = 256;

    private const string Label = "broker/outcomes/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Cluster).Name(Customer).List(Items, Outcome.Write).ToArray();

    /// <inheritdoc/>
    public static Outcomes Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var outcomes = new Outcomes(r.Name(), r.Name(), r.List(Outcome.ReadFrom, MaxItems));
        r.End();
        return outcomes.Items.Count > 0 ? outcomes : throw new MalformedException("outcomes hold none");
    }
}
