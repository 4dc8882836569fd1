using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>
/// Body of a custody-event block: what was done with a way of custody, by the word of the node. It changes nothing and proves nothing; it
/// has a budget per principal and minute.
/// </summary>
/// <param name="Node">The DMZ node that says so.</param>
/// <param name="Principal">Who did it: <c>console/NAME</c>, or <c>node/NAME</c> where nobody asked.</param>
/// <param name="Event">What: one of the constants.</param>
/// <param name="Subject">Of what: <c>shares/2</c>, or the way of a wrap.</param>
/// <param name="More">Events of the same principal in the past minute that were only counted.</param>
public sealed record CustodyEvent(Name Node, string Principal, string Event, string Subject, uint More) : IStatement<CustodyEvent>
{
    /// <summary>A share or a wrap was given to unlock.</summary>
    public const string Given = "given";

    /// <summary>A token of the node opened its wrap to unlock.</summary>
    public const string Opened = "opened";

    /// <summary>A way was shown to be there.</summary>
    public const string Proven = "proven";

    private const string Label = "broker/custody-event/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Node).Text(Principal).Text(Event).Text(Subject).U32(More).ToArray();

    /// <inheritdoc/>
    public static CustodyEvent Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var custodyEvent = new CustodyEvent(r.Name(), r.Text(), r.Text(), r.Text(), r.U32());
        r.End();
        return custodyEvent;
    }
}
