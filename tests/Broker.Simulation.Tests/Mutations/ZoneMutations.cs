using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <summary>A zone that answers too early or forgets, and a node that makes up what the zone did not say.</summary>
internal static class ZoneMutations
{
    private const string Early = "answered-before-commit";
    private const string Unintended = "sealed-without-intent";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("the zone answers before its commit is durable", 50, [Early, Unintended, "row-without-intent"], EarlyAnswer),
        new("the fence goes back", 3000, ["went-back", "stale-fence-accepted"], FenceBack),
        new("a lock is forgotten", 1000, ["went-back"], LockBack),
        new("the zone forgets requests, and the key does", 500, ["request-twice"], Replay),
        new("a receipt is believed that the zone did not give", 500, [Unintended, Early], (w, c) => Forge(w, c, ofAnother: false)),
        new("the receipt of another intent is believed", 500, [Unintended, Early], (w, c) => Forge(w, c, ofAnother: true)),
    ];

    private static void EarlyAnswer(World world, Cluster cluster) => cluster.Disk.Fate = () => CommitFateOf(world);

    private static CommitFate CommitFateOf(World world) => world.Turns % 3 == 0 ? CommitFate.Volatile : CommitFate.Kept;

    private static void FenceBack(World world, Cluster cluster) => cluster.Disk.Rewrites = customer =>
        customer.Fence > 1 && customer.OpenHandOffs > 0 ? customer with { Fence = customer.Fence - 1 } : customer;

    private static void LockBack(World world, Cluster cluster) => cluster.Disk.Rewrites = customer =>
        customer.LockGeneration > 0 && customer.LockGeneration == customer.LiftedGeneration
            ? customer with { LockGeneration = 0, LiftedGeneration = 0 }
            : customer;

    private static void Replay(World world, Cluster cluster)
    {
        cluster.Disk.ForgetsRequests = true;
        world.Arithmetic!.RequestSalt = () => (ulong)world.Oracle.ChangeCount;
    }

    private static void Forge(World world, Cluster cluster, bool ofAnother)
    {
        Wire.ReleaseReply? known = null;
        Receipt? receipt = null;
        ByteString? request = null;
        cluster.Changed = c =>
        {
            foreach (var node in c.Dmz)
            {
                if (node is null)
                {
                    continue;
                }

                node.Link.Calls.Learns = (operation, asked, reply) =>
                {
                    if (reply is Wire.ReleaseReply { Ended: null } released)
                    {
                        known = released;
                        receipt = Statement.Read<Receipt>(released.Receipt.Span);
                        request = ((Wire.ReleaseRequest)asked).Request;
                    }
                };
                node.Link.Calls.Forges = (operation, asked) =>
                    asked is Wire.ReleaseRequest release && known is not null && !release.Request.Equals(request)
                        ? Forged(release, known, receipt!, cluster, world, ofAnother)
                        : null;
            }
        };
        cluster.Changed(cluster);
    }

    private static Wire.ReleaseReply? Forged(
        Wire.ReleaseRequest asked, Wire.ReleaseReply known, Receipt receipt, Cluster cluster, World world, bool ofAnother)
    {
        var block = Statement.Read<Block>(receipt.Block.Span);
        var intent = Statement.Read<Intent>(Statement.Read<IntentRecord>(block.Body.Span).Intent.Span);
        var forged = intent with
        {
            Request = Statement.Read<SignedRequest>(asked.Request.Span).Hash,
            HandOff = new Id16(asked.HandOff.Span),
            Attempt = asked.Attempt,
            Fence = asked.Fence,
        };
        var body = new IntentRecord(forged.Encode(), asked.Request.Memory).Encode();
        var made = (ofAnother ? block : block with { Position = block.Position + 1, Previous = Digest.Of(receipt.Block.Span) }) with
        {
            Body = body,
            Time = world.Clock.UtcNow,
        };
        var encoded = made.Encode();
        var root = BatchTree.Build([Digest.Of(encoded)]).Root;
        var batch = Statement.Read<Batch>(receipt.Batch.Statement.Span) with { Count = 1, Root = root };
        var signature = new byte[PublicKey.SignatureLength];
        CheapArithmetic.Sign(cluster.LedgerKey.Bytes.Span, batch.Encode(), signature);
        var reply = known.Clone();
        reply.Receipt = ByteString.CopyFrom(new Receipt(encoded, 0, [], new Signed(batch.Encode(), signature)).Encode());
        return reply;
    }
}
