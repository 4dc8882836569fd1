using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Microsoft.Extensions.Logging;

namespace Broker.CredentialZone.Engine;

internal sealed partial class ZoneStore
{
    /// <summary>Key of the cluster's name among the settings.</summary>
    internal const string ClusterKey = "cluster";

    /// <summary>Key of the ledger certificate that signs now.</summary>
    internal const string LedgerKey = "ledger-certificate-block";

    /// <summary>
    /// Opens the store: the database is of this cluster, and this node's ledger key stands in the cluster's chain. A key that is
    /// new is entered in a batch that the key before signs; the first one signs its own.
    /// </summary>
    /// <param name="database">The database; owned by the store from here on.</param>
    /// <param name="cluster">This installation.</param>
    /// <param name="limits">The bounds.</param>
    /// <param name="signer">The ledger key.</param>
    /// <param name="predecessor">The ledger key before it; needed only once, at a change.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where faults are told; callers hear only that there was one.</param>
    /// <exception cref="StoreException">Another cluster's database, one whose cluster chain was altered, or a new ledger key without its
    /// predecessor.</exception>
    public static ZoneStore Open(
        IZoneDatabase database,
        Name cluster,
        ZoneLimits limits,
        LedgerSigner signer,
        LedgerSigner? predecessor,
        TimeProvider time,
        ILogger log)
    {
        var store = new ZoneStore(database, cluster, limits, signer, time, log);
        store.EnsureCluster();
        store.EnsureClusterChain();
        store.EnsureLedgerKey(signer, predecessor);
        store._isOpen = true;
        return store;
    }

    private void EnsureCluster()
    {
        var name = System.Text.Encoding.ASCII.GetBytes(_context.Cluster.Value);
        if (_writer.Meta(ClusterKey) is { } found)
        {
            if (!found.AsSpan().SequenceEqual(name))
            {
                throw new StoreException("the database belongs to another cluster; configure its own database for this one");
            }

            return;
        }

        _writer.Begin();
        _writer.Lock([Block.ClusterChain]);
        var entered = _writer.Meta(ClusterKey);
        if (entered is null)
        {
            _writer.SetMeta(ClusterKey, name);
        }

        _writer.Commit();
        if (entered is not null)
        {
            // Another node was first.
            EnsureCluster();
        }
    }

    // What is entered in the cluster's chain follows its end, so a false end would break it for ever.
    private void EnsureClusterChain()
    {
        try
        {
            _database.Read(static tables =>
            {
                ChainTail.CheckEnd(tables, tables.Chain(Block.ClusterChain));
                return true;
            });
        }
        catch (AlteredException altered)
        {
            throw new StoreException($"{altered.Code}: the cluster's chain: {altered.Message}", altered);
        }
    }

    private void EnsureLedgerKey(LedgerSigner signer, LedgerSigner? predecessor)
    {
        var known = _writer.Meta(LedgerKey);
        if (known is not null && known.AsSpan().SequenceEqual(signer.Certificate.Span))
        {
            return;
        }

        if (known is not null)
        {
            if (predecessor is null || !known.AsSpan().SequenceEqual(predecessor.Certificate.Span))
            {
                throw new StoreException(
                    "the ledger is signed by another key; give that key as the predecessor once, so that it enters the new one");
            }

            (_signer, _context.LedgerKey) = (predecessor, predecessor.Key);
        }

        var entering = new EnterLedgerKey(LedgerKey, known, signer.Certificate);
        Commit([entering]);
        (_signer, _context.LedgerKey) = (signer, signer.Key);
        if (entering.Result.GetAwaiter().GetResult() is StoreResult<LedgerPoint>.Refused { Refusal: var refusal })
        {
            throw new StoreException(refusal.Detail);
        }
    }
}
