using Broker.CredentialZone.Engine;
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

    private bool _more;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        foreach (var (chain, principal, more) in context.Refusals.TakePast(context.Now.ToUnixTimeSeconds() / 60))
        {
            context.Append(chain, BlockKind.Refusal, new Refusal(node, principal, "several", "more", more).Encode());
        }

        foreach (var (chain, principal, more) in context.CustodyEvents.TakePast(context.Now.ToUnixTimeSeconds() / 60))
        {
            context.Append(chain, BlockKind.CustodyEvent, new CustodyEvent(node, principal, "more", "several", more).Encode());
        }

        var grown = context.Tables.GrownChains(MaxChains);
        foreach (var stored in grown)
        {
            var end = context.Chain(stored.Chain);
            context.Append(
                Block.ClusterChain,
                BlockKind.ChainHead,
                new ChainHead(Name.Parse(end.Chain), end.Length - 1, end.Hash).Encode());
            context.Put(end with { Entered = end.Length });
        }

        context.Tables.Forget(context.Now, MaxForgotten);
        _more = grown.Count == MaxChains;
        return null;
    }

    /// <inheritdoc/>
    protected override bool Finish() => _more;
}
