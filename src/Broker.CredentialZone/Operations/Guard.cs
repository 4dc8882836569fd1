using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Operations;

/// <summary>Checks and refusals that several operations share.</summary>
internal static class Guard
{
    /// <summary>No such customer.</summary>
    public static readonly StoreRefusal UnknownCustomer =
        new(RefusalCode.UnknownCustomer, "no such customer; enrol it first");

    /// <summary>Only reserved space is left.</summary>
    public static readonly StoreRefusal StoreFull =
        new(RefusalCode.StoreFull, "the zone's store is nearly full; only outcomes are accepted until it has space");

    /// <summary>A statement is not signed by the identity key.</summary>
    public static StoreRefusal BadSignature(string what) =>
        new(RefusalCode.BadSignature, $"the {what} is not signed by the customer's identity key");

    /// <summary>A statement is for something else.</summary>
    public static StoreRefusal Misaddressed(string what) =>
        new(RefusalCode.Misaddressed, $"the {what} is for another cluster, customer or epoch");

    /// <summary>Finds the customer and checks that the caller owns it.</summary>
    public static StoreRefusal? UnlessOwner(WriteContext context, Name customer, ulong fence, out CustomerRecord record)
    {
        record = context.Find(customer)!;
        if (record is null)
        {
            return UnknownCustomer;
        }

        return record.Fence == fence
            ? null
            : new(RefusalCode.StaleFence, $"the customer's fence is {record.Fence}; claim the customer again, or leave it to its owner");
    }

    /// <summary>Refuses while a lock stands.</summary>
    public static StoreRefusal? IfLocked(CustomerRecord customer) => customer.IsLocked
        ? new(
            RefusalCode.Locked,
            $"lock generation {customer.LockGeneration} stands; an administrator lifts it when the customer is unlocked")
        : null;

    /// <summary>Refuses while rows of an earlier epoch are left: custody keeps the secrets of two epochs, not of three.</summary>
    public static StoreRefusal? IfRotating(WriteContext context, CustomerRecord customer) =>
        customer.Custody.Epoch > 1 &&
        (context.Tables.Entry(customer.Customer, EntryKey.Custody(customer.Custody.Epoch - 1)) is not null ||
            context.Tables.OldRows(customer.Customer, customer.Custody.Epoch, 0, 1).Count > 0)
            ? new(RefusalCode.RotationUnfinished, "the rotation before is unfinished; wait until no row of the earlier epoch is left")
            : null;

    /// <summary>Refuses unless the customer's head has that counter.</summary>
    public static StoreRefusal? UnlessCounter(CustomerRecord customer, ulong expected) => customer.Head.Counter == expected
        ? null
        : new(RefusalCode.StaleCounter, $"the customer's head is {customer.Head.Counter}; read it again");

    /// <summary>Refuses when the caller has seen a later head than this store has: then the store is the one that is old.</summary>
    /// <exception cref="AlteredException">It is behind.</exception>
    public static StoreRefusal? IfBehind(CustomerRecord customer, ulong seen) => customer.Head.Counter >= seen
        ? null
        : throw new AlteredException(
            RefusalCode.HeadRolledBack, $"the customer's head is {customer.Head.Counter} here, and {seen} was seen")
        {
            Customer = customer.Customer,
        };

    /// <summary>When an idempotency key may be forgotten: after a day, and not before its request could be believed again.</summary>
    public static DateTimeOffset ForgetAfter(DateTimeOffset now, Request request)
    {
        var (day, late) = (now + RequestVerifier.MaxLife, request.NotAfter + (2 * RequestVerifier.ClockSkew));
        return day > late ? day : late;
    }
}
