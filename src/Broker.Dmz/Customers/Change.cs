using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <summary>A change of rows or directory that somebody asks for. The key actor believes only what is signed in it.</summary>
internal abstract record Change
{
    private Change()
    {
    }

    /// <summary>A user's request.</summary>
    /// <param name="Request">What was signed.</param>
    /// <param name="Action">The action as which it came.</param>
    /// <param name="Upload">The sealed credential of a put; empty otherwise.</param>
    public sealed record ByUser(SignedRequest Request, UserAction Action, ReadOnlyMemory<byte> Upload) : Change;

    /// <summary>An agent redeems a token.</summary>
    /// <param name="Invitation">The administrator's signed <c>invite-agent</c>.</param>
    /// <param name="Request">The encoding of an <see cref="AgentRequest"/> with the token's signature.</param>
    /// <param name="AgentSignature">The agent's own signature over it.</param>
    public sealed record Enrolment(SignedRequest Invitation, Signed Request, ReadOnlyMemory<byte> AgentSignature) : Change;

    /// <summary>An agent in session renews its grant; the key actor asks for this itself.</summary>
    public sealed record Renewal(Name Agent, Id16 Boot) : Change;

    /// <summary>Records of requests whose time may be over; whoever asks, only those are removed that it is over for.</summary>
    public sealed record Forget(IReadOnlyList<EntryKey> Records) : Change;

    /// <summary>A change of custody, or a rotation, that all its holders have confirmed to the key actor.</summary>
    /// <param name="Request">The administrators' request.</param>
    /// <param name="Action"><see cref="UserAction.ChangeCustody"/> or <see cref="UserAction.Rotate"/>.</param>
    /// <param name="Record">The custody record that the key actor signed.</param>
    public sealed record Custody(SignedRequest Request, UserAction Action, Signed Record) : Change;

    /// <summary>Rows of the epoch before, released to be encrypted anew.</summary>
    /// <param name="Receipt">Encoding of the zone's receipt over the intent.</param>
    /// <param name="Rows">Where they stand, and their encodings.</param>
    public sealed record Rotation(ReadOnlyMemory<byte> Receipt, IReadOnlyList<(EntryKey Key, ReadOnlyMemory<byte> Row)> Rows) : Change;

    /// <summary>No row of that epoch is left.</summary>
    public sealed record EndRotation(uint Epoch) : Change;

    /// <summary>The hand-over of a credential that began under this head has ended.</summary>
    public sealed record EndHandOver(Name Credential, ulong Counter) : Change;

    /// <summary>The user's request that the change follows; null where there is none.</summary>
    public SignedRequest? Cause => this switch
    {
        ByUser c => c.Request,
        Enrolment c => c.Invitation,
        Custody c => c.Request,
        _ => null,
    };

    /// <summary>Whether it has a head of its own: the first head of an epoch is signed by another identity than the one before.</summary>
    public bool IsAlone => this is Custody { Action: var action } && action == UserAction.Rotate;
}

/// <summary>A change is committed and its head witnessed.</summary>
/// <param name="Version">The new version of a credential, or 0.</param>
/// <param name="Head">The head after it.</param>
/// <param name="Grant">The signed grant of an enrolment or renewal.</param>
internal sealed record ChangeDone(uint Version, Signed Head, Signed? Grant);
