using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Service;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Tests.Fuzzing;

/// <summary>One good request of every operation of the zone link, by its path: what mutations begin from.</summary>
internal static class ValidCalls
{
    /// <summary>The largest body that each operation reads.</summary>
    public static IReadOnlyDictionary<string, int> Limits { get; } = typeof(ZoneOperations).GetFields()
        .Select(static f => f.GetValue(null)!)
        .Where(static o => o.GetType() is { IsGenericType: true } t && t.GetGenericTypeDefinition() == typeof(ZoneOperation<,>))
        .ToDictionary(static o => (string)((dynamic)o).Path, static o => (int)((dynamic)o).MaxRequestBytes);

    public static Wire.EnrolCustomerRequest Enrol(TestCustomer customer, InstallationKey console)
    {
        var plan = customer.Plan();
        var encoded = plan.Encode();
        var parts = customer.Enrolment(plan, new Signed(encoded, console.Sign(encoded)));
        var request = new Wire.EnrolCustomerRequest
        {
            Plan = Wires.To(parts.Plan),
            Claim = Wires.To(parts.Claim),
            Head = Wires.To(parts.Head),
            Custody = Wires.To(parts.Custody),
        };
        request.PlanCertificates.AddRange(console.ChainDer.Select(static c => ByteString.CopyFrom(c.Span)));
        request.Changes.AddRange(parts.Changes.Select(To));
        return request;
    }

    public static Wire.CommitRequest Commit(ChangeSet set)
    {
        var request = new Wire.CommitRequest
        {
            Customer = set.Customer.Value,
            Fence = set.Fence,
            ExpectedCounter = set.ExpectedCounter,
            Head = Wires.To(set.Head),
        };
        request.Changes.AddRange(set.Changes.Select(To));
        request.Requests.AddRange(set.Requests.Select(static r => ByteString.CopyFrom(r.Encode())));
        return request;
    }

    public static Wire.ReleaseRequest Release(ReleaseCall call) => new()
    {
        Customer = call.Customer.Value,
        Fence = call.Fence,
        Request = ByteString.CopyFrom(call.Request.Encode()),
        HandOff = Wires.Bytes(call.HandOff),
        Attempt = call.Attempt,
        ExpectedCounter = call.ExpectedCounter,
    };

    public static Wire.AppendOutcomeRequest Outcome(TestCustomer customer, ReleaseCall call, string state) => new()
    {
        Customer = customer.Name.Value,
        Fence = customer.Fence,
        Outcomes = Wires.To(customer.Outcome(call, state)),
    };

    /// <summary>A request of every operation, good for a customer that is enrolled and has the credential <c>db</c>.</summary>
    public static IReadOnlyDictionary<string, IMessage> Of(TestCustomer customer, InstallationKey console)
    {
        var name = customer.Name.Value;
        var call = customer.Call(customer.Launch());
        var other = new TestCustomer(customer.Cluster, "newcomer", TimeProvider.System);
        var invitation = customer.Request(
            UserAction.InviteAgent,
            new InviteAgentPayload(TestCustomer.N("web-9"), "i-9", [TestCustomer.N("web")], new SignerKey().Key,
                TimeProvider.System.GetUtcNow().AddMinutes(5)));
        var entries = new Wire.ReadEntriesRequest { Customer = name };
        entries.Keys.Add(new Wire.EntryKey { Type = EntryKey.RowType, Id = "db/1" });
        entries.Keys.Add(new Wire.EntryKey { Type = EntryKey.UserType, Id = "alice" });
        var put = customer.Request(UserAction.DeleteCredential, new NamePayload(TestCustomer.N("db")));
        return new Dictionary<string, IMessage>
        {
            [ZoneOperations.Describe.Path] = new Wire.DescribeRequest(),
            [ZoneOperations.GetCustomer.Path] = new Wire.GetCustomerRequest { Customer = name },
            [ZoneOperations.ListCustomers.Path] = new Wire.ListCustomersRequest { After = "a", Limit = 5 },
            [ZoneOperations.Enrol.Path] = Enrol(other, console),
            [ZoneOperations.Claim.Path] = new Wire.ClaimRequest
            {
                Claim = Wires.To(customer.Claim(2, bend: static c => c with { Node = TestCustomer.N("dmz-1") })),
            },
            [ZoneOperations.ReadEntries.Path] = entries,
            [ZoneOperations.ListEntries.Path] = new Wire.ListEntriesRequest
            {
                Customer = name,
                Type = EntryKey.UserType,
                After = "a",
                Limit = 3,
            },
            [ZoneOperations.Commit.Path] = Commit(customer.Change([customer.Credential("db", 2), customer.Row("db", 2)], [put])),
            [ZoneOperations.Release.Path] = Release(call),
            [ZoneOperations.RotateRows.Path] = new Wire.RotateRowsRequest { Customer = name, Fence = 1 },
            [ZoneOperations.AppendOutcome.Path] = Outcome(customer, call, HandOffState.Acknowledged),
            [ZoneOperations.GetHandOff.Path] = new Wire.GetHandOffRequest { Customer = name, HandOff = Wires.Bytes(call.HandOff) },
            [ZoneOperations.ListHandOffs.Path] = new Wire.ListHandOffsRequest
            {
                Customer = name,
                OpenOnly = true,
                After = Wires.Bytes(call.HandOff),
                Limit = 3,
            },
            [ZoneOperations.AppendTransfer.Path] = new Wire.AppendTransferRequest
            {
                Customer = name,
                Fence = customer.Fence,
                Record = ByteString.CopyFrom(TestTransfers.Record(customer).Encode()),
            },
            [ZoneOperations.AppendBackupCheck.Path] = new Wire.AppendBackupCheckRequest
            {
                Customer = name,
                Fence = customer.Fence,
                Check = Wires.To(TestBackups.Check(customer)),
            },
            [ZoneOperations.Lock.Path] = new Wire.LockRequest
            {
                Customer = name,
                Request = ByteString.CopyFrom(customer.Request(UserAction.Lock, new LockPayload(0, "drill")).Encode()),
            },
            [ZoneOperations.InviteAgent.Path] = new Wire.InviteAgentRequest
            {
                Customer = name,
                Fence = customer.Fence,
                Request = ByteString.CopyFrom(invitation.Encode()),
            },
            [ZoneOperations.FindInvitation.Path] = new Wire.FindInvitationRequest { Customer = name, Token = Wires.Bytes(Digest.Of([7])) },
            [ZoneOperations.AdvanceGeneration.Path] = new Wire.AdvanceGenerationRequest
            {
                Customer = name,
                Fence = customer.Fence,
                Agent = "web-1",
                Boot = Wires.Bytes(customer.NewId()),
                Generation = 1,
            },
            [ZoneOperations.ReportCustody.Path] = new Wire.ReportCustodyRequest
            {
                Customer = name,
                Principal = "console/one",
                Event = "given",
                Subject = "shares/2",
            },
            [ZoneOperations.ReportRefusal.Path] = new Wire.ReportRefusalRequest
            {
                Customer = name,
                Principal = "user/alice",
                Action = "launch",
                Code = "policy-forbids",
            },
            [ZoneOperations.ReadLedger.Path] = new Wire.ReadLedgerRequest { Chain = name, From = 0, Limit = 5 },
        };
    }

    private static Wire.EntryChange To(EntryChange change)
    {
        var message = new Wire.EntryChange
        {
            Type = change.Key.Type,
            Id = change.Key.Id,
            Signature = ByteString.CopyFrom(change.Signature.Span),
        };
        if (change.Statement is { } statement)
            message.Statement = ByteString.CopyFrom(statement.Span);
        return message;
    }
}
