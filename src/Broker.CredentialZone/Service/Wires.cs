using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Service;

/// <summary>Between the messages of the link and the store's records. What is not of its form throws before anything happens.</summary>
internal static class Wires
{
    public static Signed Signed(Wire.Signed? message, string what) => message is null
        ? throw new MalformedException($"the {what} is missing")
        : new Signed(message.Statement.Memory, message.Signature.Memory);

    public static Wire.Signed To(Signed signed) => new()
    {
        Statement = UnsafeByteOperations.UnsafeWrap(signed.Statement),
        Signature = UnsafeByteOperations.UnsafeWrap(signed.Signature),
    };

    public static SignedRequest Request(ByteString encoding) => Statement.Read<SignedRequest>(encoding.Span);

    public static ByteString Bytes(Digest digest) => UnsafeByteOperations.UnsafeWrap(digest.ToArray());

    public static ByteString Bytes(Id16 id) => UnsafeByteOperations.UnsafeWrap(id.ToArray());

    public static IReadOnlyList<EntryChange> Changes(IReadOnlyList<Wire.EntryChange> messages)
    {
        var changes = new EntryChange[messages.Count];
        for (var i = 0; i < changes.Length; i++)
        {
            var m = messages[i];
            // Without the cast null would become empty memory, and a removal an empty statement.
            var statement = m.HasStatement ? m.Statement.Memory : (ReadOnlyMemory<byte>?)null;
            changes[i] = new EntryChange(new EntryKey(m.Type, m.Id), statement, m.Signature.Memory);
        }

        return changes;
    }

    public static Wire.Entry To(ProvenEntry entry)
    {
        var message = new Wire.Entry { Type = entry.Key.Type, Id = entry.Key.Id, Proof = UnsafeByteOperations.UnsafeWrap(entry.Proof) };
        if (entry.Entry is { } found)
        {
            message.Statement = UnsafeByteOperations.UnsafeWrap(found.Statement);
            message.Signature = UnsafeByteOperations.UnsafeWrap(found.Signature);
        }
        else if (entry.Value != Digest.Zero)
        {
            message.Value = Bytes(entry.Value);
        }

        return message;
    }

    public static Wire.Entry To(EntryRecord entry) => new()
    {
        Type = entry.Key.Type,
        Id = entry.Key.Id,
        Statement = UnsafeByteOperations.UnsafeWrap(entry.Statement),
        Signature = UnsafeByteOperations.UnsafeWrap(entry.Signature),
    };

    public static Wire.CustomerState To(CustomerState state)
    {
        var customer = state.Customer;
        var message = new Wire.CustomerState
        {
            Customer = customer.Customer.Value,
            Fence = customer.Fence,
            OwnerNode = customer.OwnerNode.Value,
            OwnerIncarnation = Bytes(customer.OwnerIncarnation),
            LockGeneration = customer.LockGeneration,
            LiftedGeneration = customer.LiftedGeneration,
            Custody = To(customer.SignedCustody),
            Head = To(customer.SignedHead),
            LedgerPosition = state.Ledger.Length,
            LedgerHash = Bytes(state.Ledger.Hash),
            Rows = state.Rows.All,
            RowsLeft = state.Rows.Old,
            Rotating = state.IsRotating,
        };
        message.Successions.AddRange(state.Successions.Select(To));
        return message;
    }

    public static Wire.HandOff To(JournalEntry entry)
    {
        var message = To(entry.HandOff, entry.Request, entry.Launch);
        (message.HeadCounter, message.Fence) = (entry.HeadCounter, entry.Fence);
        return message;
    }

    public static Wire.HandOff To(HandOffRecord record, ReadOnlyMemory<byte> request, ReadOnlyMemory<byte> launch) => new()
    {
        Launch = UnsafeByteOperations.UnsafeWrap(launch),
        HandOff_ = Bytes(record.HandOff),
        Request = UnsafeByteOperations.UnsafeWrap(request),
        Agent = record.Agent.Value,
        Attempt = record.Attempt,
        State = record.State,
        UseState = record.UseState,
        Code = record.Code,
        ReleasedMs = (ulong)record.Released.ToUnixTimeMilliseconds(),
        UpdatedMs = (ulong)record.Updated.ToUnixTimeMilliseconds(),
    };
}
