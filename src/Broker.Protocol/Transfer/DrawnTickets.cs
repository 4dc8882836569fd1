using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>A ticket and where it is honoured.</summary>
/// <param name="Address">Base address of the holder's peer listener, <c>https://host:port</c>.</param>
/// <param name="Ticket">The <see cref="DrainTicket"/>, signed by the identity key.</param>
public sealed record DrawnTicket(string Address, Signed Ticket);

/// <summary>What a node that drains leaves to its successor beside the tickets' key. Public: without the key they admit nobody.</summary>
/// <param name="Tickets">One for each customer and holder.</param>
public sealed record DrawnTickets(IReadOnlyList<DrawnTicket> Tickets) : IStatement<DrawnTickets>
{
    /// <summary>Most tickets.</summary>
    public const int Max = 100_000;

    private const string Label = "broker/drawn-tickets/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .List(Tickets, static (w, t) => Signed.Write(w.Text(t.Address), t.Ticket)).ToArray();

    /// <inheritdoc/>
    public static DrawnTickets Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var drawn = new DrawnTickets(r.List(static (ref t) => new DrawnTicket(t.Text(), Signed.ReadFrom(ref t)), Max));
        r.End();
        return drawn;
    }
}
