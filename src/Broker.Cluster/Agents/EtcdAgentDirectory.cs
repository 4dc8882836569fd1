using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Entries;
using Broker.Cluster.Etcd.Wire;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire;
using Google.Protobuf;

namespace Broker.Cluster;

/// <summary>
/// Which node holds an agent's connection, in etcd under the lease of <see cref="EtcdMembership"/>: a key for each agent, gone with the
/// node. Everything found here is a hint: whoever believes a wrong one finds the agent not connected. Nothing waits for etcd but
/// <see cref="FindAsync"/>: what this node says is written behind, and written anew under a new lease. Thread-safe.
/// </summary>
public sealed class EtcdAgentDirectory
{
    private const uint Format = 1;
    // etcd takes 128 operations in a transaction.
    private const int PutsAtATime = 100;
    private const int WithdrawalsAtATime = 16;

    private readonly EtcdClient _client;
    private readonly EtcdKeys _keys;
    private readonly TimeSpan _retry;
    private readonly Alarm _alarm;
    private readonly Lock _lock = new();
    private readonly Dictionary<(Name Customer, Name Agent), ulong> _here = [];
    private readonly HashSet<(Name Customer, Name Agent)> _unwritten = [];
    private Owner? _owner;
    private int _onTheirWay;

    internal EtcdAgentDirectory(EtcdClient client, EtcdKeys keys, TimeSpan retry, TimeProvider time)
    {
        _client = client;
        _keys = keys;
        _retry = retry;
        _alarm = new Alarm(time);
    }

    /// <summary>Agents whose connection is here and that etcd has not been told of, or that have gone and still stand there.</summary>
    public int Unwritten
    {
        get
        {
            lock (_lock)
                return _unwritten.Count + _onTheirWay;
        }
    }

    /// <summary>This node holds the agent's connection from now on.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="link">The number of the connection; a later one of this node is higher.</param>
    public void Publish(Name customer, Name agent, ulong link)
    {
        lock (_lock)
        {
            if (_here.TryGetValue((customer, agent), out var before) && before >= link)
                return;
            _here[(customer, agent)] = link;
            _unwritten.Add((customer, agent));
        }

        _alarm.Ring();
    }

    /// <summary>
    /// The connection is gone. One that a later one has taken the place of changes nothing here, and another node's nothing in etcd.
    /// </summary>
    /// <param name="customer">The customer.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="link">The number that it was published with.</param>
    public void Withdraw(Name customer, Name agent, ulong link)
    {
        lock (_lock)
        {
            if (!_here.TryGetValue((customer, agent), out var there) || there != link)
                return;
            _here.Remove((customer, agent));
            _unwritten.Add((customer, agent));
        }

        _alarm.Ring();
    }

    /// <summary>Whether this node itself holds the agent's connection.</summary>
    public bool IsHere(Name customer, Name agent)
    {
        lock (_lock)
            return _here.ContainsKey((customer, agent));
    }

    /// <summary>
    /// The node that holds the agent's connection, as far as etcd knows; null where none does, and where etcd cannot be asked.
    /// </summary>
    /// <param name="customer">The customer.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Name?> FindAsync(Name customer, Name agent, CancellationToken cancellationToken)
    {
        try
        {
            var found = await _client.CallAsync(
                EtcdMethods.Range, new RangeRequest { Key = _keys.Agent(customer, agent) }, cancellationToken).ConfigureAwait(false);
            return found.Kvs.Count == 1 && found.Kvs[0].Lease != 0 ? Read(found.Kvs[0].Value) : null;
        }
        catch (EtcdException)
        {
            return null;
        }
    }

    /// <summary>The lease that this node's keys live by from now on, and who it is; null while it has none.</summary>
    internal void Own(Owner? owner)
    {
        lock (_lock)
        {
            if (_owner == owner)
                return;
            _owner = owner;
            if (owner is null)
                return;
            // What stood under another lease goes with it.
            _unwritten.Clear();
            _unwritten.UnionWith(_here.Keys);
        }

        _alarm.Ring();
    }

    /// <summary>Writes what is to be written, until it is cancelled.</summary>
    internal async Task WriteOnAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var isDone = await WriteSomeAsync(cancellationToken).ConfigureAwait(false);
                if (isDone is not false)
                    await _alarm.WaitAsync(isDone is null ? _retry : Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end of the loop.
        }
    }

    // True: nothing is left to do. False: there may be more. Null: etcd did not do it.
    private async Task<bool?> WriteSomeAsync(CancellationToken cancellationToken)
    {
        Owner owner;
        List<(Name Customer, Name Agent)> puts, withdrawals;
        lock (_lock)
        {
            if (_owner is null || _unwritten.Count == 0)
                return true;
            owner = _owner;
            puts = [.. _unwritten.Where(_here.ContainsKey).Take(PutsAtATime)];
            withdrawals = [.. _unwritten.Where(k => !_here.ContainsKey(k)).Take(WithdrawalsAtATime)];
            _unwritten.ExceptWith(puts);
            _unwritten.ExceptWith(withdrawals);
            _onTheirWay = puts.Count + withdrawals.Count;
        }

        try
        {
            if (puts.Count > 0)
                await PutAsync(owner, puts, cancellationToken).ConfigureAwait(false);
            puts.Clear();
            await Task.WhenAll(withdrawals.Select(key => WithdrawAsync(owner, key, cancellationToken))).ConfigureAwait(false);
            withdrawals.Clear();
            return false;
        }
        catch (EtcdException)
        {
            return null;
        }
        finally
        {
            lock (_lock)
            {
                _unwritten.UnionWith(puts);
                _unwritten.UnionWith(withdrawals);
                _onTheirWay = 0;
            }
        }
    }

    private Task<TxnReply> PutAsync(Owner owner, List<(Name Customer, Name Agent)> keys, CancellationToken cancellationToken)
    {
        var txn = new TxnRequest();
        var value = new AgentEntry
        {
            Format = Format,
            Node = owner.Node.Value,
            Incarnation = ByteString.CopyFrom(owner.Incarnation.ToArray()),
        }.ToByteString();
        foreach (var key in keys)
        {
            var put = new PutRequest { Key = _keys.Agent(key.Customer, key.Agent), Value = value, Lease = owner.Lease };
            txn.Success.Add(new Operation { Put = put });
        }

        return _client.CallAsync(EtcdMethods.Txn, txn, cancellationToken);
    }

    // Only what stands under this node's own lease: the agent may be another's by now.
    private Task<TxnReply> WithdrawAsync(Owner owner, (Name Customer, Name Agent) key, CancellationToken cancellationToken)
    {
        var name = _keys.Agent(key.Customer, key.Agent);
        var txn = new TxnRequest
        {
            Compare = { new Compare { Key = name, Target = Compare.Types.Target.Lease, Lease = owner.Lease } },
            Success = { new Operation { Delete = new DeleteRequest { Key = name } } },
        };
        return _client.CallAsync(EtcdMethods.Txn, txn, cancellationToken);
    }

    private static Name? Read(ByteString value)
    {
        if (value.Length > MemberEntries.MaxBytes)
            return null;
        try
        {
            var entry = WireReader.Read(AgentEntry.Parser, value.Span);
            return entry.Format == Format && entry.Incarnation.Length == Digest.Length && Name.TryParse(entry.Node, out var node)
                ? node
                : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    /// <summary>Who writes, and by which lease.</summary>
    /// <param name="Node">This node.</param>
    /// <param name="Incarnation">This start of it.</param>
    /// <param name="Lease">etcd's number of the lease.</param>
    internal sealed record Owner(Name Node, Digest Incarnation, long Lease);
}
