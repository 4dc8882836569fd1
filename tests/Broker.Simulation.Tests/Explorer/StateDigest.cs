using System.Runtime.CompilerServices;
using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Session;
using Broker.Agent.Uses;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Writing;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Requests;
using ZoneWriterMessage = Broker.CredentialZone.Writing.WriterMessage;

namespace Broker.Simulation.Tests;

/// <summary>
/// A number for the state of a world: states of the actors, kinds of the messages in their mailboxes, what is on the way, without
/// identifiers, times and bytes. Two worlds with the same number are at the same point of the protocols.
/// </summary>
internal sealed class StateDigest(World world, Cluster cluster, States? states)
{
    private readonly Dictionary<Process, ulong> _processes = [];
    private ulong _all;

    /// <summary>All states in their order: the same for the same seed.</summary>
    public ulong History { get; private set; }

    /// <summary>The agent's session, for messages.</summary>
    public string AgentShape =>
        cluster.Agent is { } agent ? (Cells.Actor(Cells.Of(agent.Session)) as SessionActor)?.Shape.ToString() ?? "none" : "down";

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_attempt")]
    private static extern ref uint Attempt(ProvisioningRequest request);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_mayStand")]
    private static extern ref bool MayStand(ProvisioningRequest request);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_committing")]
    private static extern ref bool Committing(WriterActor writer);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_waiting")]
    private static extern ref Queue<StoreOperation> WaitingOperations(WriterActor writer);

    /// <summary>After each turn. Only the process whose turn it was has changed.</summary>
    public void Observe()
    {
        var process = world.Last;
        if (process?.System is { } system)
        {
            _processes.TryGetValue(process, out var before);
            var now = process.IsDead ? 0 : OfTree(Cells.Root(system), 17);
            _processes[process] = now;
            _all ^= before ^ now;
        }

        var onTheWay = 0;
        foreach (var (agent, node, _) in cluster.Links)
        {
            if (agent.IsOpen)
            {
                onTheWay = (onTheWay * 7) + (agent.Waiting * 3) + node.Waiting;
            }
        }

        var state = Mix.Step(_all, (ulong)onTheWay);
        states?.Add(state);
        History = Mix.Step(History, state);
    }

    private static ulong OfTree(Cell cell, ulong depth)
    {
        var digest = Mix.Step(depth, OfCell(cell));
        if (Cells.Children(cell) is { } children)
        {
            // Siblings of one kind are a set: which of them came first is no difference.
            ulong below = 0;
            foreach (var child in children.Values)
            {
                unchecked
                {
                    below += OfTree(child, depth * 31);
                }
            }

            digest = Mix.Step(digest, below);
        }

        return Mix.Finish(digest);
    }

    private static ulong OfCell(Cell cell) => cell switch
    {
        Cell<CustomerKeyMessage> c => Mix.Step(Cells.Digest(c), Of(Cells.Actor(c) as CustomerKey)),
        Cell<ProvisioningMessage> c => Mix.Step(Cells.Digest(c), Of(Cells.Actor(c) as ProvisioningRequest)),
        Cell<SessionMessage> c => Mix.Step(Cells.Digest(c), Of(Cells.Actor(c) as SessionActor)),
        Cell<ZoneWriterMessage> c => Mix.Step(Cells.Digest(c), Of(Cells.Actor(c) as WriterActor)),
        Cell<Broker.Dmz.Customers.WriterMessage> c => Cells.Digest(c),
        Cell<OutcomeMessage> c => Cells.Digest(c),
        Cell<AgentSessionMessage> c => Cells.Digest(c),
        Cell<CredentialsMessage> c => Cells.Digest(c),
        Cell<HandOffMessage> c => Cells.Digest(c),
        Cell<UsesMessage> c => Cells.Digest(c),
        Cell<UseMessage> c => Cells.Digest(c),
        Cell<ZoneLinkMessage> c => Cells.Digest(c),
        Cell<CustomersMessage> c => Cells.Digest(c),
        Cell<RequestsMessage> c => Cells.Digest(c),
        Cell<AgentsMessage> c => Cells.Digest(c),
        _ => (ulong)cell.State,
    };

    private static ulong Of(CustomerKey? key)
    {
        if (key?.Shape is not { } shape)
        {
            return 0;
        }

        var digest = Mix.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes(shape.State.AsSpan()), 3);
        digest = Mix.Step(digest, (ulong)(shape.InFlight | (shape.Uses << 8) | (shape.Early << 16) | (shape.Outcomes << 24)));
        var flags = (shape.IsPending ? 1 << 8 : 0) | (shape.IsRecovered ? 1 << 9 : 0);
        digest = Mix.Step(digest, (ulong)(shape.Sessions | (shape.Contexts << 4) | flags));
        return Mix.Step(digest, (ulong)shape.Secrets);
    }

    private static ulong Of(ProvisioningRequest? request) =>
        request is null ? 0 : Attempt(request) | (MayStand(request) ? 1u << 8 : 0u);

    private static ulong Of(SessionActor? session) => session?.Shape is { } shape
        ? 1u | (shape.IsLinked ? 2u : 0u) | (shape.IsHandshaking ? 4u : 0u) | (shape.IsLive ? 8u : 0u)
        : 0;

    private static ulong Of(WriterActor? writer) =>
        writer is null ? 0 : 1u | ((ulong)WaitingOperations(writer).Count << 2) | (Committing(writer) ? 2u : 0u);
}

/// <summary>A set of states. Not thread-safe; sets of several threads are joined at the end.</summary>
internal sealed class States
{
    private ulong[] _slots = new ulong[1 << 16];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public void Add(ulong state)
    {
        // Zero marks an empty slot.
        state |= 1UL << 63;
        var mask = (uint)_slots.Length - 1;
        for (var i = (uint)(state & mask); ; i = (i + 1) & mask)
        {
            if (_slots[i] == state)
            {
                return;
            }

            if (_slots[i] == 0)
            {
                _slots[i] = state;
                if (++Count > _slots.Length / 2)
                {
                    Grow();
                }

                return;
            }
        }
    }

    public void Join(States other)
    {
        foreach (var state in other._slots)
        {
            if (state != 0)
            {
                Add(state);
            }
        }
    }

    private void Grow()
    {
        var old = _slots;
        (_slots, Count) = (new ulong[old.Length * 2], 0);
        foreach (var state in old)
        {
            if (state != 0)
            {
                Add(state);
            }
        }
    }
}
