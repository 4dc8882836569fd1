using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of a refusal block: an authenticated caller was refused. Refusals have a budget per principal and minute.</summary>
/// <param name="Node">The DMZ node that refused.</param>
/// <param name="Principal">Who was refused, for instance <c>user/alice</c> or <c>agent/web-1</c>.</param>
/// <param name="Action">What was tried.</param>
/// <param name="Code">Why not: a stable code.</param>
/// <param name="More">Refusals of the same principal in the past minute that were only counted.</param>
public sealed record Refusal(Name Node, string Principal, string Action, string Code, uint More) : IStatement<Refusal>
{
    private const string Label = "broker/refusal/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Node).Text(Principal).Text(Action).Text(Code).U32(More).ToArray();

    /// <inheritdoc/>
    public static Refusal Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var refusal = new Refusal(r.Name(), r.Text(), r.Text(), r.Text(), r.U32());
        r.End();
        return refusal;
    }
}
