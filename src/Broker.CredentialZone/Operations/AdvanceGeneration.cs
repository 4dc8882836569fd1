using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Operations;

/// <summary>How an agent's generation was taken.</summary>
/// <param name="Accepted">Whether the agent may go on.</param>
/// <param name="Suspended">Whether the agent is suspended: a used generation was presented.</param>
/// <param name="Generation">The generation that stands.</param>
internal sealed record GenerationResult(bool Accepted, bool Suspended, ulong Generation);

/// <summary>
/// Compares and sets an agent's generation. From the same boot the one that stands or the next is taken, so a lost reply is no
/// clone; a new boot must bring the next. A used one is a clone: both are suspended until the agent enrols again.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
/// <param name="node">The calling DMZ node, for the record.</param>
/// <param name="agent">The agent.</param>
/// <param name="boot">The boot that presents it.</param>
/// <param name="presented">The generation presented.</param>
internal sealed class AdvanceGeneration(Name customerName, ulong fence, Name node, Name agent, Id16 boot, ulong presented)
    : StoreOperation<GenerationResult>
{
    private GenerationResult? _result;

    /// <inheritdoc/>
    public override Name? Customer => customerName;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        if (Guard.UnlessOwner(context, customerName, fence, out _) is { } refusal)
        {
            return refusal;
        }

        var stands = context.Tables.Generation(customerName, agent) ?? new GenerationRecord(agent, boot, 0, Suspended: false);
        var next = presented == stands.Generation + 1;
        var again = presented == stands.Generation && boot == stands.Boot;
        if (stands.Suspended || presented > stands.Generation + 1)
        {
            if (!stands.Suspended)
            {
                // The agent has been further than the zone knows: the zone was set back, or the agent is not what it was.
                Ahead(context);
            }

            _result = new GenerationResult(Accepted: false, stands.Suspended, stands.Generation);
            return null;
        }

        if (next || again)
        {
            _result = new GenerationResult(Accepted: true, Suspended: false, presented);
            if (next || stands.Generation == 0)
            {
                context.Tables.PutGeneration(customerName, new GenerationRecord(agent, boot, presented, Suspended: false));
            }

            return null;
        }

        context.Tables.PutGeneration(customerName, stands with { Suspended = true });
        context.Append(
            customerName.Value,
            BlockKind.Refusal,
            new Refusal(node, $"agent/{agent}", "advance-generation", RefusalCode.AgentSuspended, 0).Encode());
        _result = new GenerationResult(Accepted: false, Suspended: true, stands.Generation);
        return null;
    }

    // An agent can say what it likes, so this has a budget like every refusal.
    private void Ahead(WriteContext context)
    {
        var minute = context.Now.ToUnixTimeSeconds() / 60;
        if (context.Refusals.Take(customerName.Value, $"agent/{agent}", minute, context.Limits.RefusalsPerMinute) is { } under)
        {
            context.Append(
                customerName.Value,
                BlockKind.Refusal,
                new Refusal(node, under, "advance-generation", RefusalCode.GenerationAhead, 0).Encode());
        }
    }

    /// <inheritdoc/>
    protected override GenerationResult Finish() => _result!;
}
