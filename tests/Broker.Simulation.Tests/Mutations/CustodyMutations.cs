using System.Collections;
using Broker.Dmz.Customers;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;

namespace Broker.Simulation.Tests;

/// <summary>Custody that counts too early or too long, and epochs that are left wrongly.</summary>
internal static class CustodyMutations
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("another custody counts before all its holders have confirmed", 50, ["epoch-before-custody"], BeforeCustody, true),
        new("a way that was superseded is accepted", 200, ["superseded-way"], Superseded, true),
        new("successions are not brought to the agent", 50, ["agent-left-behind"], NoSuccessions, true),
        new("the secret of the epoch before is not wiped", 50, ["old-secret-kept"], OldSecret, true),
        new("a holder does not hear that a rotation has ended", 500, ["old-secret-kept"], Unheard, true),
        new("a row is encrypted anew under the key that it had", 50, ["row-unreadable"], WrongKey, true),
    ];

    private static void BeforeCustody(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(static key =>
    {
        if (Inside.Get<CustodyChange?>(key, "_change") is { } change)
        {
            foreach (var part in Inside.Get<IList>(change.Setup, "_parts").Cast<object>().Skip(1))
            {
                Inside.SetProperty(part, "IsConfirmed", true);
            }
        }
    });

    // Neither what is told early nor what is proven later is held against what was given.
    private static void Superseded(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        Inside.Set(key, "_given", null);
        var next = Cells.Next(cluster, key);
        var split = (next as CustomerKeyMessage.GiveShare)?.Share.Split ?? (next as CustomerKeyMessage.GiveWrap)?.Wrap.Split;
        if (split is not null && cluster.People.MakingOf(split) is { } making)
        {
            Inside.SetProperty(next!, "Custody", making.Signed);
        }
    });

    private static void NoSuccessions(World world, Cluster cluster) => world.Meddles = () =>
    {
        if (cluster.Links.Count > 0 && cluster.Links[^1].Node is { Relay: null } node)
        {
            node.Relay = static bytes =>
            {
                var frame = Frame.Parser.ParseFrom(bytes);
                frame.OwnerHello?.Successions.Clear();
                return frame.ToByteArray();
            };
        }
    };

    private static void Unheard(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        if (Cells.Next(cluster, key) is CustomerKeyMessage.Loaded { Result.Value: { } loaded })
        {
            Inside.SetProperty(loaded, "Before", null);
        }
    });

    private static void OldSecret(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(static key =>
    {
        if (Inside.Get<object?>(key, "_pending") is { } pending)
        {
            Inside.SetProperty(pending, "EndsRotation", false);
        }
    });

    // While rows are encrypted anew, the new secret's bytes are the old one's.
    private static void WrongKey(World world, Cluster cluster)
    {
        (SecretBuffer Buffer, byte[] Bytes)? kept = null;
        world.Meddles = () =>
        {
            if (kept is { Buffer.IsEmptied: false } before)
            {
                before.Bytes.CopyTo(before.Buffer.Span);
            }

            kept = null;
            cluster.ForEachKey(key =>
            {
                if (Cells.Next(cluster, key) is CustomerKeyMessage.Reseal &&
                    Inside.Get<CustomerSecret?>(key, "_secret") is { Predecessor: { } old } secret)
                {
                    var buffer = Inside.Get<SecretBuffer>(secret, "_secret");
                    kept = (buffer, buffer.Span.ToArray());
                    Inside.Get<SecretBuffer>(old, "_secret").Span.CopyTo(buffer.Span);
                }
            });
        };
    }
}
