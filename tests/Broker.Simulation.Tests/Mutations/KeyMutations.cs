using System.Collections;
using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <summary>Checks of the key's actor that somebody left out.</summary>
internal static class KeyMutations
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("a stale owner goes on as if it had claimed", 10000, ["stale-fence-accepted", "stuck"], StaleOwner),
        new("a further attempt is sealed without the bar", 50, ["attempt-without-bar"], WithoutBar),
        new("an attempt is sealed again", 200, ["sealed-twice"], SealedAgain),
        new("an epoch is used before its custody is confirmed", 5, ["epoch-before-custody"], BeforeCustody),
        new("the salts of rows repeat", 500, ["nonce-reuse"], SameSalt),
        new("an outcome is lost", 50, ["stuck", "answered-before-commit"], LostOutcome),
        new("what ran out of time counts as barred", 500, ["end-denies-opening", "opened-after-end"], TimeIsBar),
    ];

    private static void StaleOwner(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        if (key.Shape.State == KeyState.Unlocked && world.Oracle.Customer(People.Customer) is { } customer)
        {
            Inside.Set(key, "_fence", customer.Fence);
        }
    });

    private static void WithoutBar(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        AgentMutations.Silence(cluster);
        var inFlight = Inside.Get<IDictionary>(key, "_inFlight");
        foreach (var id in inFlight.Keys.Cast<Id16>().ToList())
        {
            var open = inFlight[id]!;
            if (Inside.Get<Actors.ActorRef<ProvisioningMessage>?>(open, "<Provisioning>k__BackingField") is { } provisioning &&
                !Inside.Get<bool>(open, "<IsBarred>k__BackingField") && Inside.Get<uint>(open, "<Attempt>k__BackingField") == 1)
            {
                Inside.SetProperty(open, "IsBarred", true);
                provisioning.Tell(new ProvisioningMessage.Barred(1));
            }
        }
    });

    private static void SealedAgain(World world, Cluster cluster)
    {
        var again = new HashSet<CustomerKeyMessage.Seal>(ReferenceEqualityComparer.Instance);
        world.Meddles = () => cluster.ForEachKey(key =>
        {
            if (Cells.Next(cluster, key) is not CustomerKeyMessage.Seal seal)
            {
                return;
            }

            if (again.Add(seal))
            {
                Cells.Of(cluster.NodeOf(cluster.ProcessOf(key))!.Customers.Known(People.Customer)!.Key).Self.Tell(seal);
            }
            else
            {
                var handOff = HandOffId.Of(seal.Request.Hash, People.Web);
                Inside.Get<HashSet<(Id16, uint)>>(Inside.Get<object>(key, "_sealedOnce"), "_sealed").Remove((handOff, seal.Attempt));
                Inside.Get<IDictionary>(key, "_inFlight").Remove(handOff);
            }
        });
    }

    private static void BeforeCustody(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(static key =>
    {
        if (key.Shape.State == KeyState.Enrolling)
        {
            foreach (var part in Inside.Get<IList>(Inside.Get<CustodySetup>(key, "_setup"), "_parts").Cast<object>().Skip(1))
            {
                Inside.SetProperty(part, "IsConfirmed", true);
            }
        }
    });

    private static void SameSalt(World world, Cluster cluster)
    {
        cluster.Changed = static c =>
        {
            foreach (var node in c.Dmz)
            {
                node?.Process.Random.Repeats = 32;
            }
        };
        cluster.Changed(cluster);
    }

    private static void LostOutcome(World world, Cluster cluster)
    {
        cluster.Changed = static c =>
        {
            foreach (var node in c.Dmz)
            {
                node?.Link.Calls.Forges = static (_, asked) => asked is Wire.AppendOutcomeRequest ? new Wire.AppendOutcomeReply() : null;
            }
        };
        cluster.Changed(cluster);
    }

    private static void TimeIsBar(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        AgentMutations.Silence(cluster);
        if (Cells.Next(cluster, key) is CustomerKeyMessage.GiveUp)
        {
            foreach (var open in Inside.Get<IDictionary>(key, "_inFlight").Values)
            {
                Inside.SetProperty(open!, "IsBarred", true);
            }
        }
    });
}
