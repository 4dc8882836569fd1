using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.Launch"/>: all of the credentials go to the agent, or none.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Items">1 to 16 credentials.</param>
/// <param name="Replaces">The hand-off that this one follows after <c>Unconfirmed</c>, or 16 zero bytes.</param>
public sealed record LaunchPayload(Name Agent, IReadOnlyList<LaunchItem> Items, Id16 Replaces) : IStatement<LaunchPayload>
{
    /// <summary>Most credentials in one hand-off.</summary>
    public const int MaxItems = 16;

    private const string Label = "broker/launch/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Agent)
        .List(Items, static (w, i) => w.Name(i.Credential).U32(i.Version).Name(i.Use)).Id(Replaces).ToArray();

    /// <inheritdoc/>
    public static LaunchPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new LaunchPayload(
            r.Name(), r.List(static (ref i) => new LaunchItem(i.Name(), i.U32(), i.Name()), MaxItems), r.Id());
        r.End();
        return payload.Items.Count > 0 ? payload : throw new MalformedException("a launch names at least one credential");
    }
}
