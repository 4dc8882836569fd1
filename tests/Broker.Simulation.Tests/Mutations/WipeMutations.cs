using System.Collections;
using Broker.Agent.Uses;
using Broker.Dmz.Customers;
using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>Secrets that somebody forgot to wipe, or keeps.</summary>
internal static class WipeMutations
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("the keys of confirmations are dropped and not wiped", 20, ["secret-without-owner"], Confirmations),
        new("a lock does not wipe the sessions", 1000, ["secret-without-owner"], Sessions),
        new("a use that ends does not wipe what it holds", 20, ["secret-without-owner"], Use),
        new("a key is used after the lock", 2000, ["key-after-lock", "secret-after-lock"], KeyAfterLock),
    ];

    private static void Confirmations(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        if (key.Shape.State == KeyState.Enrolling && Inside.Get<CustodySetup>(key, "_setup") is { Confirmed.Count: 2 } setup)
        {
            // As if the list were cleared at the end without a look at what is in it; the last one still has to be compared.
            var parts = Inside.Get<IList>(setup, "_parts");
            Inside.SetProperty(parts[0]!, "Key", Inside.Get<SecretBuffer>(parts[^1]!, "<Key>k__BackingField"));
        }
    });

    private static void Sessions(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        if (Cells.IsNext<CustomerKeyMessage.Lock>(cluster, key))
        {
            foreach (var session in Inside.Get<IDictionary>(key, "_sessions").Values)
            {
                Inside.SetProperty(session!, "Context", null);
            }
        }
    });

    private static void Use(World world, Cluster cluster) => world.Meddles = () =>
    {
        if (cluster.Agent is { } agent)
        {
            foreach (var child in Cells.Children(Cells.Of(agent.Uses))?.Values ?? Enumerable.Empty<Actors.Cell>())
            {
                var cell = (Actors.Cell<UseMessage>)child;
                if (Cells.Actor(cell) is HoldUse hold && Cells.Waits(cell))
                {
                    Inside.Set(hold, "_held", null);
                }
            }
        }
    };

    private static void KeyAfterLock(World world, Cluster cluster)
    {
        (CustomerKey Key, object? Head, object? Custody, CustomerSecret? Copy) kept = default;
        world.Meddles = () => cluster.ForEachKey(key =>
        {
            if (Cells.IsNext<CustomerKeyMessage.Lock>(cluster, key) && key.Shape.State == KeyState.Unlocked)
            {
                var secret = Inside.Get<CustomerSecret>(key, "_secret");
                var bytes = Inside.Get<SecretBuffer>(secret, "_secret").Span.ToArray();
                kept = (key, Inside.Get<object>(key, "_head"), Inside.Get<object>(key, "_custody"), null);
                world.Run(cluster.ProcessOf(key), () =>
                    kept.Copy = CustomerSecret.Take(SecretBuffer.CopyOf(bytes), secret.Cluster, secret.Customer, secret.Epoch));
                world.Memory.Count();
                world.Oracle.Extra = 3;
            }
            else if (kept.Key == key && key.Shape.State == KeyState.Locked && kept.Copy is { } copy)
            {
                Inside.Set(key, "_secret", copy);
                Inside.Set(key, "_state", KeyState.Unlocked);
                Inside.Set(key, "_head", kept.Head);
                Inside.Set(key, "_custody", kept.Custody);
                Inside.Set(key, "_recovered", true);
                world.Oracle.Extra = 0;
                kept = default;
            }
        });
    }
}
