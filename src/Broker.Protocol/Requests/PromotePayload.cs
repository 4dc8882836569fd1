using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>
/// Payload of <see cref="UserAction.PromoteVersion"/>: a staged version becomes the current one, and, where it says so, agents that
/// hold an earlier one are handed it, until the request's time is over.
/// </summary>
/// <param name="Credential">The credential.</param>
/// <param name="Version">The staged version.</param>
/// <param name="Replaces">The current version, which it retires.</param>
/// <param name="AllHolders">Whether every agent that holds an earlier version is handed this one.</param>
/// <param name="Holders">Agents that are handed it where they hold an earlier version; none where all are.</param>
public sealed record PromotePayload(Name Credential, uint Version, uint Replaces, bool AllHolders, IReadOnlyList<Name> Holders)
    : IStatement<PromotePayload>
{
    /// <summary>Most agents that are named; where there are more, it is all of them.</summary>
    public const int MaxHolders = 256;

    private const string Label = "broker/promote/1";

    /// <summary>Whether anybody is handed the version.</summary>
    public bool HandsOver => AllHolders || Holders.Count > 0;

    /// <summary>Whether an agent that holds an earlier version is handed this one.</summary>
    public bool Covers(Name agent) => AllHolders || Holders.Contains(agent);

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Credential).U32(Version).U32(Replaces).Flag(AllHolders).Names(Holders).ToArray();

    /// <inheritdoc/>
    public static PromotePayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new PromotePayload(r.Name(), r.U32(), r.U32(), r.Flag(), r.Names(MaxHolders));
        r.End();
        return payload.AllHolders && payload.Holders.Count > 0
            ? throw new MalformedException("a promotion names agents, or all of them, not both")
            : payload;
    }
}
