using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.Dmz.Customers;

/// <summary>
/// Freshness: head, fence and lock are held against everything that a witness tells. Custodians can accept what is behind, or unproven;
/// then what follows is numbered above all that was seen, and the ledger says that and why.
/// </summary>
internal sealed partial class CustomerKey
{
    // What this actor itself has known of the customer, also across a wipe; and the restoration that the claim under way brings.
    private (ulong Fence, ulong Lock) _seen;
    private Restored? _restored;

    /// <summary>Why the customer may not be taken as the zone tells it; null where it may.</summary>
    private string? Freshness(Head head, LoadedCustomer loaded)
    {
        if (_restored is { } before && before.Head.Signed.Statement.Span.SequenceEqual(head.Signed.Statement.Span))
        {
            // The claim that brought it was accepted, and its answer lost.
            _restored = null;
            return null;
        }

        _restored = null;
        var (counter, fence, generation) = Seen(loaded);
        var code = Behind(head.Value, loaded, counter, fence, generation);
        if (code is null || _accepted != (head.Value.Counter, head.Value.Root) || head.Value.Counter == 0)
        {
            return code;
        }

        _restored = Restore(code, head.Value, loaded, (counter, fence, generation));
        return null;
    }

    private (ulong Counter, ulong Fence, ulong Lock) Seen(LoadedCustomer loaded) => (
        Math.Max(_witnesses.Select(static w => w.Counter).DefaultIfEmpty().Max(), loaded.Witness?.Counter ?? 0),
        Math.Max(_seen.Fence, loaded.Owning?.Fence ?? 0),
        Math.Max(_seen.Lock, loaded.Owning?.Lock ?? 0));

    private string? Behind(CustomerHead head, LoadedCustomer loaded, ulong counter, ulong fence, ulong generation)
    {
        var roots = _witnesses.Where(w => w.Counter == counter).Select(static w => w.Root).ToList();
        if (loaded.Witness is { } file && file.Counter == counter)
        {
            roots.Add(file.Root);
        }

        return 0 switch
        {
            _ when roots.Count == 0 => Codes.FreshnessUnproven,
            _ when head.Counter < counter || (head.Counter == counter && roots.Exists(r => r != head.Root)) => Codes.HeadRolledBack,
            _ when loaded.State.Fence < fence => Codes.FenceRolledBack,
            _ when loaded.State.LockGeneration < generation => Codes.LockRolledBack,
            _ => null,
        };
    }

    private Restored Restore(string code, CustomerHead head, LoadedCustomer loaded, (ulong Counter, ulong Fence, ulong Lock) seen)
    {
        var restoration = new Restoration(
            _node.Cluster, _customer, head.Epoch, _node.Node, code, head.Counter, head.Root, seen.Counter, seen.Fence, seen.Lock);
        var next = head with
        {
            Counter = restoration.NextCounter,
            LedgerPosition = loaded.State.LedgerPosition,
            LedgerHash = new Digest(loaded.State.LedgerHash.Span),
        };
        return new Restored(restoration, new Head(next, _secret!.Sign(next)));
    }

    /// <summary>The head to take and the fence to claim.</summary>
    private (Head Head, ulong Fence, RestoredRecord? Record) ToClaim() => _restored is { } restored
        ? (restored.Head, restored.Statement.NextFence(_loaded!.Fence),
            new RestoredRecord(_secret!.Sign(restored.Statement), restored.Head.Signed))
        : (_head!, _loaded!.Fence + 1, null);

    private void OnLock(CustomerKeyMessage.Lock message)
    {
        Wipe(message.Reason);
        if (message.Generation > 0)
        {
            _seen.Lock = Math.Max(_seen.Lock, message.Generation);
            _writer!.Tell(new WriterMessage.SawLock(message.Generation));
        }
    }

    private sealed record Restored(Restoration Statement, Head Head);
}
