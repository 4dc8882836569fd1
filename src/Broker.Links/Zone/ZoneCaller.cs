using Broker.Links.Versions;
using Broker.Protocol.Wire.Zone;
using Google.Protobuf;

namespace Broker.Links.Zone;

/// <summary>
/// A way to the credential zone, with a method for each operation: <see cref="ZoneClient"/>, or in tests one that delays, loses and
/// repeats. Errors are those of <see cref="CallAsync"/>.
/// </summary>
public abstract class ZoneCaller
{
    /// <summary>Calls one operation.</summary>
    /// <param name="operation">Which, of <see cref="ZoneOperations"/>.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives up waiting; whether the request had its effect is not known then.</param>
    /// <exception cref="ZoneRefusedException">Refused; no effect.</exception>
    /// <exception cref="ZoneUnavailableException">Not executed.</exception>
    /// <exception cref="ZoneUnknownOutcomeException">It may have been executed. Not thrown for operations that only read.</exception>
    public abstract Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new();

    /// <summary>What a DMZ node must know of the zone.</summary>
    public Task<DescribeReply> DescribeAsync(DescribeRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.Describe, request, cancellationToken);

    /// <summary>Whether some node of the zone may be near this one's version of the link: those that said theirs, or never did.</summary>
    public virtual bool IsNear => true;

    /// <summary>Asks each node of the zone, to see which of them answer.</summary>
    public virtual async Task<IReadOnlyList<ZoneNodeAnswer>> DescribeEachAsync(
        DescribeRequest request, CancellationToken cancellationToken) =>
        [new(null, LinkVersion.Current, await DescribeAsync(request, cancellationToken).ConfigureAwait(false))];

    /// <summary>A customer's fence, lock, custody record and head.</summary>
    public Task<CustomerState> GetCustomerAsync(GetCustomerRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.GetCustomer, request, cancellationToken);

    /// <summary>Names of customers, a page at a time.</summary>
    public Task<ListCustomersReply> ListCustomersAsync(ListCustomersRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.ListCustomers, request, cancellationToken);

    /// <summary>A customer's first commit.</summary>
    public Task<CommitReply> EnrolAsync(EnrolCustomerRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.Enrol, request, cancellationToken);

    /// <summary>Raises the customer's fence for one incarnation.</summary>
    public Task<CustomerState> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.Claim, request, cancellationToken);

    /// <summary>Entries with their proofs under one head.</summary>
    public Task<ReadEntriesReply> ReadEntriesAsync(ReadEntriesRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.ReadEntries, request, cancellationToken);

    /// <summary>Entries of one type, without proofs; never rows.</summary>
    public Task<ListEntriesReply> ListEntriesAsync(ListEntriesRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.ListEntries, request, cancellationToken);

    /// <summary>Rows, entries, leaves and head in one transaction.</summary>
    public Task<CommitReply> CommitAsync(CommitRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.Commit, request, cancellationToken);

    /// <summary>Records the intent and returns the rows: the only call that does.</summary>
    public Task<ReleaseReply> ReleaseAsync(ReleaseRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.Release, request, cancellationToken);

    /// <summary>Appends signed outcomes under the fence.</summary>
    public Task<AppendOutcomeReply> AppendOutcomeAsync(AppendOutcomeRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.AppendOutcome, request, cancellationToken);

    /// <summary>One hand-off of the journal.</summary>
    public Task<HandOff> GetHandOffAsync(GetHandOffRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.GetHandOff, request, cancellationToken);

    /// <summary>Hand-offs of a customer, a page at a time.</summary>
    public Task<ListHandOffsReply> ListHandOffsAsync(ListHandOffsRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.ListHandOffs, request, cancellationToken);

    /// <summary>Records the intent before a customer's secret goes over to another holder.</summary>
    public Task<AppendTransferReply> AppendTransferAsync(AppendTransferRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.AppendTransfer, request, cancellationToken);

    /// <summary>Raises the customer's lock generation.</summary>
    public Task<LockReply> LockAsync(LockRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.Lock, request, cancellationToken);

    /// <summary>Opens an enrolment token.</summary>
    public Task<InviteAgentReply> InviteAgentAsync(InviteAgentRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.InviteAgent, request, cancellationToken);

    /// <summary>The signed request that opened a token.</summary>
    public Task<FindInvitationReply> FindInvitationAsync(FindInvitationRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.FindInvitation, request, cancellationToken);

    /// <summary>Compares and sets an agent's generation.</summary>
    public Task<AdvanceGenerationReply> AdvanceGenerationAsync(AdvanceGenerationRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.AdvanceGeneration, request, cancellationToken);

    /// <summary>Rows of earlier epochs, to be encrypted anew; the intent is recorded.</summary>
    public Task<RotateRowsReply> RotateRowsAsync(RotateRowsRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.RotateRows, request, cancellationToken);

    /// <summary>Records an authenticated refusal within its budget.</summary>
    public Task<ReportRefusalReply> ReportRefusalAsync(ReportRefusalRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.ReportRefusal, request, cancellationToken);

    /// <summary>Records what was done with a way of custody, within its budget.</summary>
    public Task<ReportCustodyReply> ReportCustodyAsync(ReportCustodyRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.ReportCustody, request, cancellationToken);

    /// <summary>Blocks of a chain, a page at a time.</summary>
    public Task<ReadLedgerReply> ReadLedgerAsync(ReadLedgerRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.ReadLedger, request, cancellationToken);

    /// <summary>Records the intent before a row of a backup is opened.</summary>
    public Task<AppendBackupCheckReply> AppendBackupCheckAsync(AppendBackupCheckRequest request, CancellationToken cancellationToken) =>
        CallAsync(ZoneOperations.AppendBackupCheck, request, cancellationToken);
}
