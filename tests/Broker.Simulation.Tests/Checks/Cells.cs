using System.Runtime.CompilerServices;
using Broker.Actors;
using Broker.Dmz.Customers;

namespace Broker.Simulation.Tests;

/// <summary>Looks into the actors of a system between turns, without asking them anything.</summary>
internal static class Cells
{
    private static readonly ConditionalWeakTable<Type, object> Kinds = [];

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_user")]
    private static extern ref Cell<Guardian.Nothing> User(ActorSystem system);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_children")]
    private static extern ref Children? ChildrenOf(Cell cell);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_byName")]
    private static extern ref Dictionary<string, Cell> ByName(Children children);

    /// <summary>The cell above all of an application's actors.</summary>
    public static Cell Root(ActorSystem system) => User(system);

    /// <summary>The children of a cell, in a fixed order; null where it never had one.</summary>
    public static Dictionary<string, Cell>? Children(Cell cell) => ChildrenOf(cell) is { } children ? ByName(children) : null;

    /// <summary>The cell of a reference.</summary>
    public static Cell<T> Of<T>(ActorRef<T> reference)
        where T : notnull => (Cell<T>)((IActorRef)reference).Owner!;

    /// <summary>A number for a type that is the same in every process.</summary>
    public static ulong Kind(Type type) =>
        (ulong)Kinds.GetValue(type, static t => Mix.Of(System.Text.Encoding.UTF8.GetBytes(t.Name), 11));

    /// <summary>What waits in a mailbox: called with each user message, and with null for a signal.</summary>
    public static void Waiting<T>(Cell<T> cell, Action<object?> see)
        where T : notnull
    {
        Each(ref Mailboxes<T>.Outgoing(cell.Mailbox), see);
        Each(ref Mailboxes<T>.Incoming(cell.Mailbox), see);
    }

    /// <summary>The state of a cell and the kinds of the messages that wait for it, as a number.</summary>
    public static ulong Digest<T>(Cell<T> cell)
        where T : notnull =>
        Fold(ref Mailboxes<T>.Incoming(cell.Mailbox), Fold(ref Mailboxes<T>.Outgoing(cell.Mailbox), (ulong)cell.State));

    /// <summary>Whether anything waits in a mailbox.</summary>
    public static bool Waits<T>(Cell<T> cell)
        where T : notnull => Next(cell, out _);

    /// <summary>The message that a customer's key handles next; null where none waits or a signal is first.</summary>
    public static CustomerKeyMessage? Next(Cluster cluster, CustomerKey key)
    {
        var refs = cluster.NodeOf(cluster.ProcessOf(key))?.Customers.Known(People.Customer);
        return refs is not null && Next(Of(refs.Key), out var next) ? next : null;
    }

    /// <summary>Whether the next message of a customer's key is of a kind.</summary>
    public static bool IsNext<T>(Cluster cluster, CustomerKey key) => Next(cluster, key) is T;

    /// <summary>The actor of a cell; null where there is no incarnation.</summary>
    public static Actor<T>? Actor<T>(Cell<T> cell)
        where T : notnull => CellsOf<T>.Actor(cell);

    private static bool Next<T>(Cell<T> cell, out T? message)
        where T : notnull
    {
        ref var first = ref Mailboxes<T>.Outgoing(cell.Mailbox);
        if (first.IsEmpty)
        {
            first = ref Mailboxes<T>.Incoming(cell.Mailbox);
        }

        message = first.IsEmpty ? default : Buffers<T>.Slots(ref first)![Buffers<T>.Head(ref first)].Message;
        return !first.IsEmpty;
    }

    private static ulong Fold<T>(ref SlotBuffer<T> buffer, ulong digest)
        where T : notnull
    {
        var slots = Buffers<T>.Slots(ref buffer);
        for (var i = Buffers<T>.Head(ref buffer); i < Buffers<T>.Count(ref buffer); i++)
        {
            digest = Mix.Step(digest, slots![i].Signal is null ? Kind(slots[i].Message!.GetType()) : 1);
        }

        return digest;
    }

    private static void Each<T>(ref SlotBuffer<T> buffer, Action<object?> see)
        where T : notnull
    {
        var slots = Buffers<T>.Slots(ref buffer);
        for (var i = Buffers<T>.Head(ref buffer); i < Buffers<T>.Count(ref buffer); i++)
        {
            see(slots![i].Signal is null ? slots[i].Message : null);
        }
    }

    private static class Mailboxes<T>
        where T : notnull
    {
        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_incoming")]
        public static extern ref SlotBuffer<T> Incoming(Mailbox<T> mailbox);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_outgoing")]
        public static extern ref SlotBuffer<T> Outgoing(Mailbox<T> mailbox);
    }

    private static class Buffers<T>
        where T : notnull
    {
        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_slots")]
        public static extern ref Slot<T>[]? Slots(ref SlotBuffer<T> buffer);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_head")]
        public static extern ref int Head(ref SlotBuffer<T> buffer);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_count")]
        public static extern ref int Count(ref SlotBuffer<T> buffer);
    }

    private static class CellsOf<T>
        where T : notnull
    {
        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_actor")]
        public static extern ref Actor<T>? Actor(Cell<T> cell);
    }
}
