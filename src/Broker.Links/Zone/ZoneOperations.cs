using Broker.Protocol.Wire.Zone;
using Google.Protobuf;

namespace Broker.Links.Zone;

/// <summary>The closed set of operations of the zone link, with the bounds of their bodies.</summary>
public static class ZoneOperations
{
    /// <summary>Begins the path of every operation.</summary>
    public const string Prefix = "/zone/v1/";

    /// <summary>Media type of requests, replies and problems.</summary>
    public const string MediaType = "application/x-protobuf";

    // A credential is at most 1 MiB, a launch and a batch of uploads at most 4 MiB of them; proofs and signatures come on top.
    private const int Small = 64 * 1024;
    private const int Medium = 1024 * 1024;
    private const int Large = 8 * 1024 * 1024;

#pragma warning disable CS1591 // each is described beside its messages in zone.proto
    public static readonly ZoneOperation<DescribeRequest, DescribeReply> Describe =
        Read("describe", DescribeRequest.Parser, DescribeReply.Parser, Small) with { AnyVersion = true };

    public static readonly ZoneOperation<GetCustomerRequest, CustomerState> GetCustomer =
        Read("get-customer", GetCustomerRequest.Parser, CustomerState.Parser, Small);

    public static readonly ZoneOperation<ListCustomersRequest, ListCustomersReply> ListCustomers =
        Read("list-customers", ListCustomersRequest.Parser, ListCustomersReply.Parser, Medium);

    public static readonly ZoneOperation<EnrolCustomerRequest, CommitReply> Enrol =
        Write("enrol", EnrolCustomerRequest.Parser, CommitReply.Parser, Medium, Small);

    public static readonly ZoneOperation<ClaimRequest, CustomerState> Claim =
        Write("claim", ClaimRequest.Parser, CustomerState.Parser, Small, Small);

    public static readonly ZoneOperation<ReadEntriesRequest, ReadEntriesReply> ReadEntries =
        Read("read-entries", ReadEntriesRequest.Parser, ReadEntriesReply.Parser, Large);

    public static readonly ZoneOperation<ListEntriesRequest, ListEntriesReply> ListEntries =
        Read("list-entries", ListEntriesRequest.Parser, ListEntriesReply.Parser, Large);

    public static readonly ZoneOperation<CommitRequest, CommitReply> Commit =
        Write("commit", CommitRequest.Parser, CommitReply.Parser, Large, Small);

    public static readonly ZoneOperation<ReleaseRequest, ReleaseReply> Release =
        Write("release", ReleaseRequest.Parser, ReleaseReply.Parser, Small, Large);

    public static readonly ZoneOperation<RotateRowsRequest, RotateRowsReply> RotateRows =
        Write("rotate-rows", RotateRowsRequest.Parser, RotateRowsReply.Parser, Small, Large);

    public static readonly ZoneOperation<AppendOutcomeRequest, AppendOutcomeReply> AppendOutcome =
        Write("append-outcome", AppendOutcomeRequest.Parser, AppendOutcomeReply.Parser, Medium, Small) with { Repeatable = true };

    public static readonly ZoneOperation<GetHandOffRequest, HandOff> GetHandOff =
        Read("get-hand-off", GetHandOffRequest.Parser, HandOff.Parser, Medium);

    public static readonly ZoneOperation<ListHandOffsRequest, ListHandOffsReply> ListHandOffs =
        Read("list-hand-offs", ListHandOffsRequest.Parser, ListHandOffsReply.Parser, Large);

    public static readonly ZoneOperation<AppendTransferRequest, AppendTransferReply> AppendTransfer =
        Write("append-transfer", AppendTransferRequest.Parser, AppendTransferReply.Parser, Small, Small);

    public static readonly ZoneOperation<LockRequest, LockReply> Lock =
        Write("lock", LockRequest.Parser, LockReply.Parser, Small, Small);

    public static readonly ZoneOperation<InviteAgentRequest, InviteAgentReply> InviteAgent =
        Write("invite-agent", InviteAgentRequest.Parser, InviteAgentReply.Parser, Small, Small);

    public static readonly ZoneOperation<FindInvitationRequest, FindInvitationReply> FindInvitation =
        Read("find-invitation", FindInvitationRequest.Parser, FindInvitationReply.Parser, Small);

    public static readonly ZoneOperation<AdvanceGenerationRequest, AdvanceGenerationReply> AdvanceGeneration =
        Write("advance-generation", AdvanceGenerationRequest.Parser, AdvanceGenerationReply.Parser, Small, Small);

    public static readonly ZoneOperation<ReportRefusalRequest, ReportRefusalReply> ReportRefusal =
        Write("report-refusal", ReportRefusalRequest.Parser, ReportRefusalReply.Parser, Small, Small);

    public static readonly ZoneOperation<ReportCustodyRequest, ReportCustodyReply> ReportCustody =
        Write("report-custody", ReportCustodyRequest.Parser, ReportCustodyReply.Parser, Small, Small);

    public static readonly ZoneOperation<ReadLedgerRequest, ReadLedgerReply> ReadLedger =
        Read("read-ledger", ReadLedgerRequest.Parser, ReadLedgerReply.Parser, Large);

    public static readonly ZoneOperation<AppendBackupCheckRequest, AppendBackupCheckReply> AppendBackupCheck =
        Write("append-backup-check", AppendBackupCheckRequest.Parser, AppendBackupCheckReply.Parser, Small, Small);
#pragma warning restore CS1591

    private static ZoneOperation<TRequest, TReply> Read<TRequest, TReply>(
        string name, MessageParser<TRequest> request, MessageParser<TReply> reply, int maxReply)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() => new(name, request, reply, Small, maxReply, ReadOnly: true);

    private static ZoneOperation<TRequest, TReply> Write<TRequest, TReply>(
        string name, MessageParser<TRequest> request, MessageParser<TReply> reply, int maxRequest, int maxReply)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() => new(name, request, reply, maxRequest, maxReply, ReadOnly: false);
}
