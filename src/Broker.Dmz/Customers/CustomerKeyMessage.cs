using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Requests;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// What the actor of a customer's key understands.
/// What comes is sealed, what goes is too; but for what a token of this node opened, which the message owns.
/// </summary>
internal abstract partial record CustomerKeyMessage
{
    private CustomerKeyMessage()
    {
    }

    /// <summary>Which state are you in?</summary>
    public sealed record GetStatus(ReplyTo<KeyStatus> ReplyTo) : CustomerKeyMessage;

    /// <summary>Make a secret as this plan says.</summary>
    public sealed record Enrol(Signed Plan, IReadOnlyList<byte[]> Certificates,
        ReplyTo<Result<EnrolledModel>> ReplyTo) : CustomerKeyMessage;

    /// <summary>A holder confirms what was sealed to it.</summary>
    public sealed record Confirm(string Way, uint Index, byte[] Answer, ReplyTo<Result<KeyStatus>> ReplyTo) : CustomerKeyMessage;

    /// <summary>Administrators ask for another custody of this epoch, or for the next epoch.</summary>
    /// <param name="Request">What they signed.</param>
    /// <param name="Action"><see cref="UserAction.ChangeCustody"/> or <see cref="UserAction.Rotate"/>.</param>
    /// <param name="Entries">Those who signed, and the record of the request, with proofs.</param>
    /// <param name="Head">The head under which the entries stand.</param>
    /// <param name="ReplyTo">Gets everything that was sealed; it is nowhere else.</param>
    public sealed record BeginCustody(
        SignedRequest Request, UserAction Action, IReadOnlyList<ProvenEntry> Entries, Signed Head, ReplyTo<Result<EnrolledModel>> ReplyTo)
        : CustomerKeyMessage;

    /// <summary>The writer's word on the custody of a request, after <see cref="Settled"/>.</summary>
    public sealed record CustodyChanged(Digest Request, Result<ChangeDone> Result) : CustomerKeyMessage;

    /// <summary>Try again to commit the custody that waits.</summary>
    public sealed record RetryCustody : CustomerKeyMessage;

    /// <summary>The holders of this request's custody have had their time.</summary>
    public sealed record GiveUpCustody(Digest Request) : CustomerKeyMessage;

    /// <summary>The zone answered the customer's first commit.</summary>
    public sealed record Enrolled(CommitResult Result) : CustomerKeyMessage;

    /// <summary>
    /// A custodian gives a share, sealed to this incarnation. The zone's custody record only sorts out shares of other identities
    /// early; what the shares rebuild is held against it again by signature.
    /// </summary>
    public sealed record GiveShare(ShareModel Share, Signed Custody, ReplyTo<Result<KeyStatus>> ReplyTo) : CustomerKeyMessage;

    /// <summary>Whoever keeps a wrap gives its record, sealed to this incarnation; the zone's custody record as with a share.</summary>
    public sealed record GiveWrap(WrapModel Wrap, Signed Custody, ReplyTo<Result<KeyStatus>> ReplyTo) : CustomerKeyMessage;

    /// <summary>A token of this node opened the record of a wrap.</summary>
    /// <param name="Record">Owned by the message.</param>
    /// <param name="Custody">The zone's custody record.</param>
    /// <param name="Unattended">Whether nobody asked for it: then it does not wait for a lift, nor end what people began.</param>
    /// <param name="ReplyTo">Gets the state.</param>
    public sealed record GiveOpened(
        Cargo<WrapRecord> Record, Signed Custody, bool Unattended, ReplyTo<Result<KeyStatus>> ReplyTo) : CustomerKeyMessage, IDisposable
    {
        /// <summary>Wipes the record.</summary>
        public void Dispose() => Record.Dispose();
    }

    /// <summary>A token has the wrap of an enrolment, or not.</summary>
    public sealed record WrapKept(long Turn, Name Way, Result<Custody.KeptWrap> Result) : CustomerKeyMessage;

    /// <summary>A token keeps the wrap of a custody that was asked for, or does not.</summary>
    public sealed record ChangedWrapKept(Digest Request, Name Way, Result<Custody.KeptWrap> Result) : CustomerKeyMessage;

    /// <summary>The zone's custody record, for what is said to people while the customer is locked.</summary>
    public sealed record Hear(Signed Custody) : CustomerKeyMessage;

    /// <summary>What the zone and the witnesses say of the customer.</summary>
    public sealed record Loaded(Result<LoadedCustomer> Result) : CustomerKeyMessage;

    /// <summary>The zone answered the claim.</summary>
    public sealed record Claimed(Result<Wire.CustomerState> Result) : CustomerKeyMessage;

    /// <summary>An administrator lifts the lock that stands.</summary>
    public sealed record Lift(SignedRequest Request, IReadOnlyList<ProvenEntry> Entries, Signed Head, ReplyTo<Result<KeyStatus>> ReplyTo)
        : CustomerKeyMessage;

    /// <summary>Wipe everything. It needs no authority: it fails safe.</summary>
    /// <param name="Reason">For the log.</param>
    /// <param name="ReplyTo">Who waits, or null.</param>
    /// <param name="Generation">The lock generation that the zone told, or 0.</param>
    public sealed record Lock(string Reason, ReplyTo<KeyStatus>? ReplyTo, ulong Generation = 0) : CustomerKeyMessage;

    /// <summary>Waiting has lasted too long.</summary>
    public sealed record Abandon(long Turn) : CustomerKeyMessage;

    /// <summary>The zone refused what was sent under this fence: another claim came after it.</summary>
    public sealed record Deposed(ulong Fence) : CustomerKeyMessage;

    /// <summary>The zone says that a lock stands over what is owned under this fence: wipe it.</summary>
    public sealed record LockStands(ulong Fence, ulong Generation) : CustomerKeyMessage;

    /// <summary>Agents have had some time to follow a customer that was taken over.</summary>
    /// <param name="IsOver">Whether that was all of it; else who is missed is looked for.</param>
    public sealed record Arriving(bool IsOver) : CustomerKeyMessage;

    /// <summary>Have it looked up whether another claim came after this fence, or a lock stands.</summary>
    public sealed record AskOwner(ulong Fence) : CustomerKeyMessage;

    /// <summary>Try to claim again.</summary>
    public sealed record Reclaim(long Turn) : CustomerKeyMessage;

    /// <summary>Change rows or directory: goes on to the writer, which brings what is needed to decide.</summary>
    public sealed record Submit(Change Change, ReplyTo<Result<ChangeDone>> ReplyTo) : CustomerKeyMessage;

    /// <summary>
    /// Verify these changes and sign the head that follows. Entries that have no proof of their own stand in the proofs of many.
    /// </summary>
    public sealed record Prepare(
        IReadOnlyList<Change> Changes, IReadOnlyList<ProvenEntry> Entries, Signed Head, ReplyTo<Result<PreparedChanges>> ReplyTo)
        : CustomerKeyMessage
    {
        /// <summary>What a <see cref="Protocol.Merkle.PartialTree"/> reads.</summary>
        public IReadOnlyList<ReadOnlyMemory<byte>> Proofs { get; init; } = [];
    }

    /// <summary>Encrypt the rows of the epoch before anew that the zone gave; they wait here for <see cref="PrepareRotation"/>.</summary>
    public sealed record Reseal(Wire.RotateRowsReply Given, ReplyTo<Result<RowsResealed>> ReplyTo) : CustomerKeyMessage;

    /// <summary>Sign the head under which the rows that wait replace those that they were.</summary>
    public sealed record PrepareRotation(ReplyTo<Result<PreparedChanges>> ReplyTo) : CustomerKeyMessage;

    /// <summary>The prepared head is committed, or certainly is not.</summary>
    public sealed record Settled(bool Committed, LedgerPoint? Ledger) : CustomerKeyMessage;

    /// <summary>Is this request one that the directory believes? For effects that change no entry.</summary>
    public sealed record Check(
        SignedRequest Request, UserAction Action, IReadOnlyList<ProvenEntry> Entries, Signed Head, ReplyTo<Result<VerifiedUser>> ReplyTo)
        : CustomerKeyMessage;

    /// <summary>
    /// Open the released rows and seal them to the agent's session. When the head has moved on since the release it is asked for again,
    /// unless this is the last try: then the hand-off ends.
    /// </summary>
    public sealed record Seal(
        SignedRequest Request,
        uint Attempt,
        Wire.ReleaseReply Released,
        ActorRef<ProvisioningMessage> Provisioning,
        bool Last = false) : CustomerKeyMessage
    {
        /// <summary>Where the request is a promotion: the encoding of the launch that follows from it; else empty.</summary>
        public ReadOnlyMemory<byte> Launch { get; init; }
    }

    /// <summary>Outcomes that this actor signed stand in the ledger, or the zone refused them.</summary>
    /// <param name="Id">Which.</param>
    /// <param name="Refusal">Why the zone refused; null where they stand.</param>
    /// <param name="Stands">The hand-off of a single outcome where the zone has it at another attempt.</param>
    public sealed record Appended(long Id, string? Refusal, Wire.HandOff? Stands) : CustomerKeyMessage;

    /// <summary>The time of a hand-off is over.</summary>
    public sealed record GiveUp(Id16 HandOff, uint Attempt) : CustomerKeyMessage;

    /// <summary>
    /// Open hand-offs of earlier incarnations, found in the journal under this fence; before the last of them nothing is sealed.
    /// </summary>
    public sealed record Recover(IReadOnlyList<Wire.HandOff> Open, ulong Fence, bool IsLast) : CustomerKeyMessage;

    /// <summary>The hand-off may be open in the journal without anybody here who ends it: look, and end it.</summary>
    public sealed record Settle(Id16 HandOff) : CustomerKeyMessage;

    /// <summary>A connected agent wants a session.</summary>
    public sealed record Hello(
        Name Agent, Id16 Link, IReadOnlyList<ProvenEntry> Entries, Signed Head, ActorRef<AgentSessionMessage> Session,
        ReplyTo<Result<SessionHello>> ReplyTo) : CustomerKeyMessage;

    /// <summary>The agent answered; is the answer good?</summary>
    public sealed record AgentAnswered(Name Agent, Id16 Link, Signed AgentHello,
        ReplyTo<Result<VerifiedHello>> ReplyTo) : CustomerKeyMessage;

    /// <summary>The zone advanced the agent's generation: make the context.</summary>
    public sealed record Finish(Name Agent, Id16 Link, ReplyTo<Result<OwnerFinish>> ReplyTo) : CustomerKeyMessage;

    /// <summary>A message of the agent in its session.</summary>
    /// <param name="Agent">The agent.</param>
    /// <param name="Link">The link session.</param>
    /// <param name="Message">What it sealed.</param>
    /// <param name="Credit">Its place in the window of the link, given back when the message is handled or lost.</param>
    public sealed record FromAgent(Name Agent, Id16 Link, SealedMessage Message, FrameCredit? Credit = null)
        : CustomerKeyMessage, IDisposable
    {
        public void Dispose() => Credit?.Dispose();
    }

    /// <summary>Ask an agent for more of what is open, whether it has answered or not.</summary>
    public sealed record AskMore(Name Agent) : CustomerKeyMessage;

    /// <summary>A grant was renewed: tell the agent.</summary>
    public sealed record Renewed(Name Agent, Result<ChangeDone> Result) : CustomerKeyMessage;

    /// <summary>End a use that the agent holds.</summary>
    public sealed record EndUse(
        SignedRequest Request, IReadOnlyList<ProvenEntry> Entries, Signed Head, ReplyTo<Result<VerifiedUser>> ReplyTo)
        : CustomerKeyMessage;

    /// <summary>The link beneath a session is gone.</summary>
    public sealed record LinkLost(Name Agent, Id16 Link) : CustomerKeyMessage;

    /// <summary>Which agents have a session?</summary>
    public sealed record WhoIsHere(ReplyTo<ConnectedHolders> ReplyTo) : CustomerKeyMessage;
}
