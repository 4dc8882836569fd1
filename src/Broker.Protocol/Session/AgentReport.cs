using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Session;

/// <summary>
/// Body of the agent's messages <see cref="MessageType.Acknowledged"/>, <see cref="MessageType.Refused"/>,
/// <see cref="MessageType.Barred"/> and <see cref="MessageType.UseEnded"/>. Not secret, but sealed like every message.
/// </summary>
/// <param name="State">A state of the hand-off or of the use.</param>
/// <param name="Code">A stable code that says more, or empty.</param>
public sealed record AgentReport(string State, string Code) : IStatement<AgentReport>
{
    private const string Label = "broker/report/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Text(State).Text(Code).ToArray();

    /// <inheritdoc/>
    public static AgentReport Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var report = new AgentReport(r.Text(), r.Text());
        r.End();
        return report;
    }
}
