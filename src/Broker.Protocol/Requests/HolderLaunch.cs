using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>
/// What follows from a promotion for one agent that holds an earlier version: its launch again, with the promoted version, in
/// place of the hand-off by which it holds. Nobody signs it; the promotion says whom it may name, and it stands beside that
/// request in the intent.
/// </summary>
/// <param name="Agent">The agent that holds.</param>
/// <param name="Replaces">The hand-off by which it holds.</param>
/// <param name="Items">The credentials of that hand-off and their uses, the promoted version by its number.</param>
/// <param name="Round">From 1; the next one after a hand-off of the round before never left a key actor.</param>
public sealed record HolderLaunch(Name Agent, Id16 Replaces, IReadOnlyList<LaunchItem> Items, uint Round) : IStatement<HolderLaunch>
{
    private const string Label = "broker/holder-launch/1";

    /// <summary>The launch that it stands for.</summary>
    public LaunchPayload Launch => new(Agent, Items, Replaces);

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Agent).Id(Replaces)
        .List(Items, static (w, i) => w.Name(i.Credential).U32(i.Version).Name(i.Use)).U32(Round).ToArray();

    /// <inheritdoc/>
    public static HolderLaunch Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var launch = new HolderLaunch(
            r.Name(), r.Id(),
            r.List(static (ref i) => new LaunchItem(i.Name(), i.U32(), i.Name()), LaunchPayload.MaxItems), r.U32());
        r.End();
        return launch.Items.Count > 0 && launch.Replaces != default && launch.Round > 0
            ? launch
            : throw new MalformedException("a hand-over names what it replaces, its credentials and its round");
    }
}
