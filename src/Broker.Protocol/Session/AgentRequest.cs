using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Session;

/// <summary>
/// What an agent sends to enrol; signed by the one-time token's key and by the agent's own key. The token itself never crosses
/// a link.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Agent">The agent's name.</param>
/// <param name="Instance">The instance that the agent is on.</param>
/// <param name="Token">Public key of the token.</param>
/// <param name="Key">The agent's key.</param>
/// <param name="Boot">The host's kernel boot id.</param>
public sealed record AgentRequest(
    Name Cluster, Name Customer, Name Agent, string Instance, PublicKey Token, PublicKey Key, Id16 Boot) : IStatement<AgentRequest>
{
    private const string Label = "broker/agent-request/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(Agent).Text(Instance).Key(Token).Key(Key).Id(Boot).ToArray();

    /// <inheritdoc/>
    public static AgentRequest Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var request = new AgentRequest(r.Name(), r.Name(), r.Name(), r.Text(), r.Key(), r.Key(), r.Id());
        r.End();
        return request;
    }
}
