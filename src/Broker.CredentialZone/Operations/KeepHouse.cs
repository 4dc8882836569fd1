using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// What the zone does each minute: enters the heads of customers' chains that grew in the cluster's chain, records the refusals
/// and custody events that were only counted, forgets idempotency keys and invitations whose time is over. Returns whether there
/// is more to do.
/// </summary>
/// <param name="node">This zone node, for the records.</param>
internal sealed class KeepHouse(Name node) : StoreOperation<bool>
{
    private const int MaxChains = 1000;
    private const int MaxForgotten = 5000;

    // Customers wait while their chains are locked, and other nodes' customers too.
    private const int MaxLocked = 100;

    private IReadOnlyList<ChainState>? _grown;
    private bool _more;

    /// <inheritdoc/>
    public override IEnumerable<string> Locks(WriteContext context)
    {
        _grown = context.Tables.GrownChains(MaxLocked);
        var counted = context.Refusals.Chains.Concat(context.CustodyEvents.Chains);
        return [.. _grown.Select(static c => c.Chain), .. counted, Block.ClusterChain];
    }

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        foreach (var (chain, principal, more) in context.Refusals.TakePast(context.Now.ToUnixTimeSeconds() / 60))
        {
            var record = new Refusal(node, principal, "several", "more", more).Encode();
            UnlessAltered(context, chain, () => context.Append(chain, BlockKind.Refusal, record));
        }

        foreach (var (chain, principal, more) in context.CustodyEvents.TakePast(context.Now.ToUnixTimeSeconds() / 60))
        {
            var record = new CustodyEvent(node, principal, "more", "several", more).Encode();
            UnlessAltered(context, chain, () => context.Append(chain, BlockKind.CustodyEvent, record));
        }

        var entered = 0;
        var grown = _grown ?? context.Tables.GrownChains(MaxChains);
        foreach (var stored in grown)
        {
            UnlessAltered(context, stored.Chain, () =>
            {
                var end = context.Chain(stored.Chain);
                if (end.Entered == end.Length)
                {
                    // Another node was first.
                    return;
                }

                context.Append(
                    Block.ClusterChain,
                    BlockKind.ChainHead,
                    new ChainHead(Name.Parse(end.Chain), end.Length - 1, end.Hash).Encode());
                context.Put(end with { Entered = end.Length });
                entered++;
            });
        }

        context.Tables.Forget(context.Now, MaxForgotten);

        // Those that were altered stay as they are, so without progress there is nothing more to do.
        _more = grown.Count >= (_grown is null ? MaxChains : MaxLocked) && entered > 0;
        return null;
    }

    /// <inheritdoc/>
    protected override bool Finish() => _more;

    // A chain that was altered is nobody else's concern.
    private static void UnlessAltered(WriteContext context, string chain, Action act)
    {
        try
        {
            act();
        }
        catch (AlteredException altered)
        {
            Name? customer = chain == Block.ClusterChain ? null : Name.Parse(chain);
            context.Alarm(new AlteredException(altered.Code, altered.Detail) { Customer = customer }, nameof(KeepHouse));
        }
    }
}
