using Broker.Cluster;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>
/// The directory in etcd: one question instead of one to each peer. Where etcd does not answer, or knows nothing, the nodes ask each other,
/// so that nothing stands on it.
/// </summary>
/// <param name="etcd">What this node has told etcd, and what stands there.</param>
/// <param name="peers">How the nodes find out among themselves.</param>
/// <param name="time">Measures how long etcd is waited for.</param>
internal sealed class EtcdAgentPlaces(EtcdAgentDirectory etcd, IAgentDirectory peers, TimeProvider time) : IAgentDirectory
{
    // A launch may be waiting.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    public ValueTask PublishAsync(Name customer, Name agent, ulong link, CancellationToken cancellation)
    {
        etcd.Publish(customer, agent, link);
        return peers.PublishAsync(customer, agent, link, cancellation);
    }

    public ValueTask WithdrawAsync(Name customer, Name agent, ulong link, CancellationToken cancellation)
    {
        etcd.Withdraw(customer, agent, link);
        return peers.WithdrawAsync(customer, agent, link, cancellation);
    }

    public async ValueTask<Name?> FindAsync(Name customer, Name agent, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        Name? found = null;
        try
        {
            found = await etcd.FindAsync(customer, agent, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // As if it knew nothing.
        }

        return found ?? await peers.FindAsync(customer, agent, cancellation);
    }

    public void Heard(Name customer, Name agent, Name node) => peers.Heard(customer, agent, node);

    public bool IsHere(Name customer, Name agent) => peers.IsHere(customer, agent);
}
