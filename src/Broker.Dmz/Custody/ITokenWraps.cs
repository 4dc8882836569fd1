using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Dmz.Custody;

/// <summary>
/// The wraps in this node's tokens. Nothing here throws for what a token does, and no call waits on the caller's thread: a task ends
/// with a value or a refusal within some calls' limit. Calls to one module run one after the other, in the order in which they came.
/// </summary>
internal interface ITokenWraps
{
    /// <summary>The ways that the node is configured for, as they were last seen. Waits for nothing.</summary>
    IReadOnlyList<TokenWay> Ways { get; }

    /// <summary>Looks at a way again: token, PIN and key.</summary>
    Task<TokenWay> LookAsync(Name way);

    /// <summary>
    /// Keeps a wrap in the token of its way and opens it there again, by a fresh agreement. Where that fails nothing is kept, unless the
    /// token went away meanwhile: then <see cref="RemoveAsync"/> when it is back.
    /// </summary>
    /// <param name="wrap">The wrap, sealed to the way's key.</param>
    /// <param name="challenge">What whoever made it asks.</param>
    /// <returns>The answer to the challenge, 32 bytes.</returns>
    Task<Result<KeptWrap>> KeepAsync(SealedWrap wrap, ReadOnlyMemory<byte> challenge);

    /// <summary>
    /// Removes what is kept of one making. Nothing being there is no refusal; where it is refused, it is done when the token is next seen
    /// while this node runs.
    /// </summary>
    Task<Result<RemovedWraps>> RemoveAsync(WrapPlace place);

    /// <summary>Opens a wrap in the token.</summary>
    /// <returns>Owned by the caller.</returns>
    Task<OpenedWrap> OpenAsync(WrapPlace place);
}

/// <summary>A wrap is in the token and was opened there.</summary>
/// <param name="Answer">The answer to the challenge.</param>
internal sealed record KeptWrap(byte[] Answer);

/// <summary>What was removed.</summary>
/// <param name="Any">Whether something was there.</param>
internal sealed record RemovedWraps(bool Any);

/// <summary>A record that a token opened, or why it did not. Owns the record until it is taken.</summary>
internal sealed class OpenedWrap : IDisposable
{
    private OpenedWrap(Cargo<WrapRecord>? record, Refused? refused) => (Record, Refused) = (record, refused);

    /// <summary>The record; null where it was refused.</summary>
    public Cargo<WrapRecord>? Record { get; }

    /// <summary>Why not.</summary>
    public Refused? Refused { get; }

    /// <summary>With a record, which is this object's from here on.</summary>
    public static OpenedWrap Of(WrapRecord record) => new(new Cargo<WrapRecord>(record), null);

    /// <summary>Without one.</summary>
    public static OpenedWrap Not(Refused refused) => new(null, refused);

    public void Dispose() => Record?.Dispose();
}
