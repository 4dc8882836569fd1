using System.Reflection;
using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Peer = Broker.Protocol.Wire.Peer;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <summary>Secrets that go over to another holder, and holders that do more than hold.</summary>
internal static class TransferMutations
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("a secret is handed over without its intent", 50, ["transfer-without-intent"], WithoutIntent, true),
        // An agent that stays with the holder has no session with the owner.
        new("a holder serves that has not claimed", 100, ["signed-unclaimed"], Unclaimed, true) { Besides = ["agent-left-behind"] },
        new("a lock is not told to the other holder", 50, ["secret-after-lock"], Untold, true),
    ];

    // The node believes a receipt that the zone did not give; its signature is good all the same.
    private static void WithoutIntent(World world, Cluster cluster)
    {
        cluster.Changed = c =>
        {
            foreach (var node in c.Dmz)
            {
                node?.Link.Calls.Forges = (_, asked) => asked is Wire.AppendTransferRequest transfer ? Receipt(world, c, transfer) : null;
            }
        };
        cluster.Changed(cluster);
    }

    private static Wire.AppendTransferReply Receipt(World world, Cluster cluster, Wire.AppendTransferRequest asked)
    {
        var name = Name.Parse("test");
        var block = new Block(name, asked.Customer, 1, Digest.Zero, world.Clock.UtcNow, BlockKind.Transfer, asked.Record.Memory).Encode();
        var batch = new Batch(
            name, cluster.LedgerKey.Fingerprint, 1, BatchTree.Build([Digest.Of(block)]).Root, world.Clock.UtcNow).Encode();
        var signature = new byte[PublicKey.SignatureLength];
        CheapArithmetic.Sign(cluster.LedgerKey.Bytes.Span, batch, signature);
        return new Wire.AppendTransferReply
        {
            Receipt = ByteString.CopyFrom(new Receipt(block, 0, [], new Signed(batch, signature)).Encode()),
        };
    }

    private static void Unclaimed(World world, Cluster cluster) => world.Meddles = () => cluster.ForEachKey(key =>
    {
        if (key.Shape.State == KeyState.Holding && Cells.IsNext<CustomerKeyMessage.TakeOver>(cluster, key) &&
            world.Oracle.Customer(People.Customer) is { } customer)
        {
            var head = typeof(CustomerKey).GetNestedType("Head", BindingFlags.NonPublic)!;
            Inside.Set(key, "_head", Activator.CreateInstance(head, customer.Head, customer.SignedHead));
            Inside.Set(key, "_fence", customer.Fence);
            Inside.Set(key, "_recovered", true);
            Inside.Set(key, "_state", KeyState.Unlocked);
        }
    });

    private static void Untold(World world, Cluster cluster)
    {
        cluster.Changed = static c =>
        {
            foreach (var node in c.Dmz)
            {
                node?.Peer?.Calls.Forges = static (_, asked) =>
                    asked is Peer.WipeRequest ? new Peer.WipeReply { Generation = ulong.MaxValue } : null;
            }
        };
        cluster.Changed(cluster);
    }
}
