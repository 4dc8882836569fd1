namespace Broker.Protocol.Api;

/// <summary>A node and its incarnation: GET /v1/node.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">A <see cref="Custody.Incarnation"/> signed by the key of the node's certificate.</param>
/// <param name="Certificates">DER: the node's certificate and what leads to the root.</param>
/// <param name="Version">The product's version.</param>
/// <param name="HsmWays">Ways of custody of kind <c>hsm</c> for which this node has a token.</param>
public sealed record NodeModel(
    string Cluster, string Node, SignedModel Incarnation, IReadOnlyList<byte[]> Certificates, string Version,
    IReadOnlyList<HsmWayModel> HsmWays);

/// <summary>A way of custody that a token of the node keeps.</summary>
/// <param name="Way">Its name.</param>
/// <param name="Key">The public key in the token, 65 bytes; null where the token was not seen yet.</param>
/// <param name="Problem">Code of what keeps it from being used now, or null.</param>
/// <param name="Detail">The same in words, or null.</param>
public sealed record HsmWayModel(string Way, byte[]? Key, string? Problem, string? Detail);

/// <summary>Enrols a customer: POST /v1/customers.</summary>
/// <param name="Plan">A <see cref="Custody.EnrolmentPlan"/> signed by the key of a console certificate with the attribute
/// <c>enrol</c>.</param>
/// <param name="Certificates">DER of that certificate and what leads to the root.</param>
public sealed record EnrolModel(SignedModel Plan, IReadOnlyList<byte[]> Certificates);

/// <summary>A share sealed to its custodian.</summary>
public sealed record SealedShareModel(uint Index, string Custodian, byte[] Sealed);

/// <summary>A wrap for whoever keeps it.</summary>
/// <param name="Way">The name of the way of custody.</param>
/// <param name="Kind">Its kind: <c>hsm</c> or <c>key</c>.</param>
/// <param name="Wrap">The encoding of a <see cref="Custody.SealedWrap"/>.</param>
public sealed record SealedWrapModel(string Way, string Kind, byte[] Wrap);

/// <summary>Answer to an enrolment. The shares and wraps are nowhere else.</summary>
/// <param name="Custody">The <see cref="Custody.CustodyRecord"/>, which echoes the plan.</param>
/// <param name="Shares">One for each custodian.</param>
/// <param name="Wraps">One for each way of kind <c>key</c>. What the node's tokens keep does not leave it.</param>
/// <param name="Challenge">32 bytes that each holder answers.</param>
/// <param name="Succession">
/// Of a rotation: the <see cref="Custody.SuccessionRecord"/> signed by the new identity, by which holders believe the new one.
/// </param>
public sealed record EnrolledModel(
    SignedModel Custody, IReadOnlyList<SealedShareModel> Shares, IReadOnlyList<SealedWrapModel> Wraps, byte[] Challenge,
    SignedModel? Succession = null);

/// <summary>A holder's confirmation: POST /v1/customers/{customer}/confirmations.</summary>
/// <param name="Way">The way of custody.</param>
/// <param name="Index">The share, from 1; 0 of a wrap.</param>
/// <param name="Answer">32 bytes: HMAC of the challenge.</param>
public sealed record ConfirmModel(string Way, uint Index, byte[] Answer);

/// <summary>A share for unlocking: POST /v1/customers/{customer}/shares.</summary>
/// <param name="Epoch">The epoch of the share.</param>
/// <param name="Split">The splitting that the share is of, 32 hexadecimal digits.</param>
/// <param name="Index">The share.</param>
/// <param name="Sealed">The record sealed to the incarnation.</param>
/// <param name="AcceptedCounter">Counter of a head that the custodian accepts without a witness, or 0.</param>
/// <param name="AcceptedRoot">Its root in hexadecimal, or 64 zeros.</param>
/// <param name="Witness">The highest head that the console has seen, if any.</param>
public sealed record ShareModel(
    uint Epoch, string Split, uint Index, byte[] Sealed, ulong AcceptedCounter, string AcceptedRoot, SignedModel? Witness);

/// <summary>The record of a wrap for unlocking: POST /v1/customers/{customer}/wraps.</summary>
/// <param name="Epoch">The epoch of the wrap.</param>
/// <param name="Way">The way of custody.</param>
/// <param name="Split">The making that the wrap is of, 32 hexadecimal digits.</param>
/// <param name="Sealed">The record sealed to the incarnation.</param>
/// <param name="AcceptedCounter">As with <see cref="ShareModel"/>.</param>
/// <param name="AcceptedRoot">As with <see cref="ShareModel"/>.</param>
/// <param name="Witness">As with <see cref="ShareModel"/>.</param>
public sealed record WrapModel(
    uint Epoch, string Way, string Split, byte[] Sealed, ulong AcceptedCounter, string AcceptedRoot, SignedModel? Witness);

/// <summary>
/// Names a way of custody: POST /v1/customers/{customer}/unlock, which a token of the node opens, and …/custody-challenges.
/// </summary>
/// <param name="Way">The way.</param>
public sealed record WayModel(string Way);

/// <summary>A challenge to show that a way of custody is there: answer to POST /v1/customers/{customer}/custody-challenges.</summary>
/// <param name="Challenge">The encoding of a <see cref="Custody.CustodyChallenge"/>: used once, within 10 minutes.</param>
/// <param name="Custody">The custody record, whose proof keys the answer is held against.</param>
public sealed record ChallengeModel(byte[] Challenge, SignedModel Custody);

/// <summary>An answer to a challenge: POST /v1/customers/{customer}/custody-proofs.</summary>
/// <param name="Challenge">The challenge.</param>
/// <param name="Index">The share, from 1; 0 of a wrap.</param>
/// <param name="Answer">The signature, 64 bytes; null or empty of a way of kind <c>hsm</c>: then the node has its token answer.</param>
public sealed record ProofModel(byte[] Challenge, uint Index, byte[]? Answer);

/// <summary>A way of custody is there: nothing was unlocked.</summary>
/// <param name="Way">The way.</param>
/// <param name="Index">The share, from 1; 0 of a wrap.</param>
/// <param name="Holder">Who keeps it, by the custody record.</param>
/// <param name="Answer">The signature over the challenge, which whoever has the custody record verifies too.</param>
public sealed record ProvenModel(string Way, uint Index, string Holder, byte[] Answer);

/// <summary>The state of a customer: GET /v1/customers/{customer}.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="State"><c>unknown</c>, <c>enrolling</c>, <c>locked</c>, <c>unlocking</c>, <c>lift-needed</c>, <c>claiming</c>,
/// <c>receiving</c>, <c>holding</c> (another node owns the customer, this one has its key) or <c>unlocked</c>.</param>
/// <param name="Missing">What is missing, in words: <c>2 of 3 shares (1 given), or the key of way safe</c>.</param>
/// <param name="LastFailure">Code of the last failed unlock, or null.</param>
/// <param name="Given">Shares, or confirmations, given so far: <c>shares/2</c>, or the way of a wrap.</param>
/// <param name="Custody">The custody record.</param>
/// <param name="Head">The zone's head.</param>
/// <param name="Fence">The zone's fence.</param>
/// <param name="LockGeneration">Locks so far.</param>
/// <param name="LiftedGeneration">The generation up to which they were lifted.</param>
/// <param name="Challenge">While holders are to confirm what was sealed to them: what they answer; else null, or empty.</param>
/// <param name="Successions">
/// Each a <see cref="Custody.SuccessionRecord"/> signed by the new identity, in the order of epochs: they lead from an identity that
/// was pinned to the one that signs now.
/// </param>
/// <param name="Rotation">How far the rotation to the current epoch has come; null where it is finished.</param>
public sealed record CustomerModel(
    string Customer,
    string State,
    string Missing,
    string? LastFailure,
    IReadOnlyList<string> Given,
    SignedModel? Custody,
    SignedModel? Head,
    ulong Fence,
    ulong LockGeneration,
    ulong LiftedGeneration,
    byte[]? Challenge,
    IReadOnlyList<SignedModel> Successions,
    RotationModel? Rotation);

/// <summary>A rotation that is unfinished.</summary>
/// <param name="Done">Rows under the current epoch.</param>
/// <param name="Left">Rows of the epoch before, which are encrypted anew in the background.</param>
public sealed record RotationModel(ulong Done, ulong Left);

/// <summary>Answer to a lock.</summary>
/// <param name="Generation">The lock generation that the zone now has: from it on no release succeeds.</param>
/// <param name="Confirmed">Nodes that say that nothing of the customer is in their memory any more.</param>
/// <param name="Unconfirmed">
/// Nodes that did not say so within 5 seconds. Nothing is released to them either; a holder that hears nothing wipes when it asks the zone,
/// within half a minute.
/// </param>
public sealed record LockedModel(ulong Generation, IReadOnlyList<string> Confirmed, IReadOnlyList<string> Unconfirmed);
