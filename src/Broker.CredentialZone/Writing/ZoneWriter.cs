using System.Collections.Concurrent;
using Broker.Actors;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Writing;

/// <summary>How requests reach the writer: signatures are verified on the caller's thread, then it waits for its batch.</summary>
internal sealed class ZoneWriter(ICredentialStore store, ActorRef<WriterMessage> writer)
{
    private const int MaxIdentities = 10_000;

    // Another node may have begun an epoch: then a hint is wrong, and costs, until it is read again.
    private const int MaxUses = 1000;

    private static readonly StoreRefusal Busy = new(RefusalCode.Busy, "the zone has too much to do; try again in a moment");

    // Only a hint: under which key the signatures hold is decided again inside the commit.
    private readonly ConcurrentDictionary<Name, Hint> _identities = new();

    /// <summary>Commits an operation with others.</summary>
    /// <exception cref="StoreException">Nothing was kept.</exception>
    /// <exception cref="UnknownCommitException">It may have been kept.</exception>
    public Task<StoreResult<T>> Commit<T>(StoreOperation<T> operation)
    {
        if (operation is { IsSignedByCustomer: true, Customer: { } customer } && Identity(customer) is { } identity)
        {
            operation.Verify(identity);
        }

        if (writer.TryTell(new WriterMessage.Submit(operation)) == TellResult.Busy)
        {
            return Task.FromResult<StoreResult<T>>(new StoreResult<T>.Refused(Busy));
        }

        return operation is BeginEpoch epoch ? Forgetting(operation, epoch.Customer!.Value) : operation.Result;
    }

    private async Task<StoreResult<T>> Forgetting<T>(StoreOperation<T> operation, Name customer)
    {
        try
        {
            return await operation.Result;
        }
        finally
        {
            _identities.TryRemove(customer, out _);
        }
    }

    private PublicKey? Identity(Name customer)
    {
        if (_identities.TryGetValue(customer, out var known) && Interlocked.Increment(ref known.Uses) < MaxUses)
        {
            return known.Identity;
        }

        PublicKey identity;
        try
        {
            if (store.Identity(customer) is not { } found)
            {
                return null;
            }

            identity = found;
        }
        catch (AlteredException)
        {
            // The operation meets it too, and records it.
            return null;
        }

        if (_identities.Count >= MaxIdentities)
        {
            _identities.Clear();
        }

        _identities[customer] = new Hint(identity);
        return identity;
    }

    private sealed class Hint(PublicKey identity)
    {
        public int Uses;

        public PublicKey Identity => identity;
    }
}
