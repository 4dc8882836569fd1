using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>The states of a hand-off and of a use, as texts.</summary>
public static class HandOffState
{
    /// <summary>The intent is committed; the rows may be open in the key actor.</summary>
    public const string Released = "released";

    /// <summary>The agent says that it opened the envelope.</summary>
    public const string Acknowledged = "acknowledged";

    /// <summary>Not opened, says the agent or the policy.</summary>
    public const string Refused = "refused";

    /// <summary>Never left a key actor.</summary>
    public const string NotSent = "not-sent";

    /// <summary>May have arrived: treated as exposed, never repeated.</summary>
    public const string Unconfirmed = "unconfirmed";

    /// <summary>The use ended well; a hold was released or expired.</summary>
    public const string Used = "used";

    /// <summary>The use failed, says the agent.</summary>
    public const string UseFailed = "use-failed";

    /// <summary>The agent was lost before it told how the use ended.</summary>
    public const string UseUnknown = "use-unknown";

    /// <summary>Whether the state ends the hand-off.</summary>
    public static bool EndsHandOff(string state) => state is Acknowledged or Refused or NotSent or Unconfirmed;

    /// <summary>Whether the state ends the use.</summary>
    public static bool EndsUse(string state) => state is Used or UseFailed or UseUnknown;
}

/// <summary>How a hand-off or its use ended; signed by the identity key and appended under the fence.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="HandOff">The hand-off.</param>
/// <param name="Attempt">The attempt that the outcome is of.</param>
/// <param name="Request">SHA-256 of the request's statement.</param>
/// <param name="State">A constant of <see cref="HandOffState"/>.</param>
/// <param name="Code">A stable code that says more, or empty.</param>
/// <param name="Time">When the key actor knew.</param>
public sealed record Outcome(
    Name Cluster, Name Customer, Id16 HandOff, uint Attempt, Digest Request, string State, string Code, DateTimeOffset Time)
    : IStatement<Outcome>
{
    private const string Label = "broker/outcome/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Id(HandOff).U32(Attempt).Digest(Request).Text(State).Text(Code).Time(Time).ToArray();

    /// <inheritdoc/>
    public static Outcome Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var outcome = new Outcome(r.Name(), r.Name(), r.Id(), r.U32(), r.Digest(), r.Text(), r.Text(), r.Time());
        r.End();
        return outcome;
    }
}
