using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>A hostile gateway has the zone release whatever it likes and tells the key actor what it likes about it.</summary>
public sealed class LaunchAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    // The zone refuses these itself: no intent, no receipt, so the key actor is never asked.
    private static readonly HashSet<string> RefusedByTheZone =
    [
        RequestRefusal.UnknownUser, RequestRefusal.WrongPayload, RequestRefusal.WrongAction, RequestRefusal.WrongCustomer,
        RequestRefusal.Expired, RequestRefusal.TooFarAhead, "wrong-hand-off", "stale-fence", "locked", "unknown-agent",
    ];

    internal static readonly AttackTable<Target> Table = new()
    {
        { "a launch in the name of nobody", RequestRefusal.UnknownUser, t => Forge(t, c =>
        {
            c.Users["mallory"] = new SignerKey();
            return c.Launch(user: "mallory");
        }) },
        { "a launch signed by another key", RequestRefusal.BadSignature, t => Forge(t, c => c.Launch(by: new SignerKey())) },
        { "a launch signed by another user", RequestRefusal.BadSignature, t =>
            Forge(t, c => c.Launch(user: "carol", by: c.Users["alice"])) },
        { "a payload that was not signed", RequestRefusal.WrongPayload, t => Forge(t, c =>
            c.Launch() with { Payload = c.LaunchOf(credential: "db2").Encode() }) },
        { "a payload of another action", RequestRefusal.WrongAction, t =>
            Forge(t, c => c.Request(UserAction.Release, c.LaunchOf(), "carol")) },
        { "a request of another customer", RequestRefusal.WrongCustomer, t => Forge(t, c =>
            c.Launch(bend: r => r with { Customer = TestCustomer.N("somebody-else") })) },
        { "a request of another cluster", RequestRefusal.WrongCluster, t => Forge(t, c =>
            c.Launch(bend: r => r with { Cluster = TestCustomer.N("elsewhere") })) },
        { "an expired request", RequestRefusal.Expired, t => Forge(t, c =>
            c.Launch(bend: r => r with { NotAfter = t.Customer.World.Time.GetUtcNow() - TimeSpan.FromMinutes(3) })) },
        { "a request that lives too long", RequestRefusal.TooFarAhead, t => Forge(t, c =>
            c.Launch(bend: r => r with { NotAfter = t.Customer.World.Time.GetUtcNow() + TimeSpan.FromHours(25) })) },
        { "a request at the end of time", RequestRefusal.TooFarAhead, t => Forge(t, c =>
            c.Launch(bend: r => r with { NotAfter = DateTimeOffset.FromUnixTimeMilliseconds(253_370_764_800_000) })) },
        { "a role that may not launch", RequestRefusal.RoleForbids, async t =>
        {
            t.Customer.Users["dave"] = new SignerKey();
            await t.Customer.Change(
                UserAction.PutUser, new PutUserPayload(TestCustomer.N("dave"), Role.Monitor, t.Customer.Users["dave"].Key));
            return await Forge(t, c => c.Launch(user: "dave"));
        } },
        { "another payload than the zone recorded", Codes.ReceiptOfAnother, t => Bend(t, request:
            r => r with { Payload = t.Customer.LaunchOf(credential: "db2").Encode() }) },
        { "another signature than the zone recorded", Codes.ReceiptOfAnother, t => Bend(t, request:
            r => r with { Signatures = [new UserSignature(TestCustomer.N("carol"), new byte[64])] }) },
        { "the same receipt twice", Codes.HandOffReplayed, async t =>
        {
            var launch = t.Customer.Launch("web-2");
            var reply = await Web2(t, launch);
            await t.Customer.BeginSeal(launch, reply).Next();
            return await t.Customer.Seal(t.Agent, launch, reply);
        } },
        { "the next attempt without a bar", Codes.HandOffReplayed, async t =>
        {
            var launch = t.Customer.Launch();
            t.Customer.BeginSeal(launch, await t.Customer.Release(launch));
            var (header, _) = await t.Agent.Receive();
            var code = await t.Customer.Seal(t.Agent, launch, await t.Customer.Release(launch, 2), 2);
            t.Agent.Tell(
                t.Agent.Report(Protocol.Session.MessageType.Refused, header.HandOff, header.Attempt, HandOffState.Refused, "test"));
            return code;
        } },
        { "another hand-off for the same request", "wrong-hand-off", async t =>
        {
            var launch = t.Customer.Launch();
            var status = await t.Customer.Status();
            await t.Customer.World.HostileNode.ReleaseAsync(
                new Wire.ReleaseRequest
                {
                    Customer = t.Customer.Name.Value,
                    Fence = status.Fence,
                    Request = ByteString.CopyFrom(launch.Encode()),
                    HandOff = ByteString.CopyFrom(t.Customer.NewId().ToArray()),
                    Attempt = 1,
                    ExpectedCounter = status.HeadCounter,
                },
                default);
            return "released";
        } },
        { "a receipt of an earlier fence", Codes.FenceStale, async t =>
        {
            var launch = t.Customer.Launch();
            var reply = await t.Customer.Release(launch);
            await t.Customer.Wipe();
            await t.Customer.Unlock();
            await t.Agent.Greet();
            await t.Agent.Receive();
            return await t.Customer.Seal(t.Agent, launch, reply);
        } },
        { "a receipt that is too old", Codes.ReceiptStale, async t =>
        {
            var launch = t.Customer.Launch();
            var reply = await t.Customer.Release(launch);
            t.Customer.World.Time.Advance(TimeSpan.FromMinutes(6));
            return await t.Customer.Seal(t.Agent, launch, reply);
        } },
        { "a receipt of another customer", Codes.ReceiptOfAnother, async t =>
        {
            var (other, agent) = await t.Customer.World.Ready();
            using (agent)
            {
                var reply = await other.Release(other.Launch());
                agent.Disconnect();
                await other.Wipe();
                return await Bend(t, reply: r => r.Receipt = reply.Receipt);
            }
        } },
        { "a receipt of another request", Codes.ReceiptOfAnother, async t =>
        {
            var other = await t.Customer.Release(t.Customer.Launch());
            return await Bend(t, reply: r => r.Receipt = other.Receipt);
        } },
        { "a receipt of a change", Codes.ReceiptOfAnother, async t =>
        {
            var chain = await t.Customer.World.Node.Zone.ReadLedgerAsync(
                new Wire.ReadLedgerRequest { Chain = t.Customer.Name.Value, Limit = 1 }, default);
            return await Bend(t, reply: r => r.Receipt = chain.Blocks[0].Receipt);
        } },
        { "a receipt signed by another ledger key", Codes.ReceiptForged, t => BendReceipt(t, r =>
        {
            var foreign = new SignerKey();
            return r with { Batch = foreign.Sign(r.Batch.Read<Batch>() with { LedgerKey = foreign.Key.Fingerprint }) };
        }) },
        { "a receipt at another place of its batch", Codes.ReceiptForged, t => BendReceipt(t, r => r with { Index = r.Index + 1 }) },
        { "a receipt with another path", Codes.ReceiptForged, t => BendReceipt(t, r => r with { Path = [.. r.Path, Digest.Of([1])] }) },
        { "an altered block", Codes.ReceiptForged, t => BendReceipt(t, r =>
        {
            var block = Statement.Read<Block>(r.Block.Span);
            return r with { Block = (block with { Position = block.Position + 1 }).Encode() };
        }) },
        { "no receipt", Codes.ReceiptForged, t => Bend(t, reply: r => r.Receipt = ByteString.Empty) },
        { "an altered row", Codes.EntryForged, t => BendEntry(t, EntryKey.RowType, s => Flipped(s)) },
        { "a row of another version", Codes.ReceiptOfAnother, async t =>
        {
            await t.Customer.PutCredential("db", "another"u8.ToArray(), "web", replaces: 1);
            var old = await t.Customer.Release(t.Customer.Launch(version: 1));
            return await Bend(t, reply: r => Replace(r, EntryKey.RowType, Entry(old, EntryKey.RowType)));
        } },
        { "a row of another credential", Codes.ReceiptOfAnother, async t =>
        {
            var other = await t.Customer.Release(t.Customer.Launch(credential: "db2"));
            return await Bend(t, reply: r => Replace(r, EntryKey.RowType, Entry(other, EntryKey.RowType)));
        } },
        { "a row under another row's name", Codes.EntryForged, async t =>
        {
            var other = await t.Customer.Release(t.Customer.Launch(credential: "db2"));
            return await Bend(t, reply: r =>
            {
                var row = Entry(other, EntryKey.RowType).Clone();
                row.Id = "db/1";
                Replace(r, EntryKey.RowType, row);
            });
        } },
        { "fewer rows than the intent", Codes.ReceiptOfAnother, t => Bend(t, reply: r => r.Entries.Remove(Entry(r, EntryKey.RowType))) },
        { "more rows than the intent", Codes.ReceiptOfAnother, async t =>
        {
            var other = await t.Customer.Release(t.Customer.Launch(credential: "db2"));
            return await Bend(t, reply: r => r.Entries.Add(Entry(other, EntryKey.RowType)));
        } },
        { "a row said to be absent", Codes.EntryForged, t => Bend(t, reply: r => Entry(r, EntryKey.RowType).ClearStatement()) },
        { "a proof of nothing", Codes.ReceiptForged, t =>
            Bend(t, reply: r => Entry(r, EntryKey.UserType).Proof = ByteString.CopyFrom(new byte[33])) },
        { "a user with a raised role", Codes.EntryForged, t => BendEntry(t, EntryKey.UserType, s =>
            (Statement.Read<UserEntry>(s) with { Role = Role.Administrator }).Encode()) },
        { "a user with another key", Codes.EntryForged, t => BendEntry(t, EntryKey.UserType, s =>
            (Statement.Read<UserEntry>(s) with { Key = new SignerKey().Key }).Encode()) },
        { "no user", RequestRefusal.UnknownUser, t => Bend(t, reply: r => r.Entries.Remove(Entry(r, EntryKey.UserType))) },
        { "a grant with another key", Codes.EntryForged, t => BendEntry(t, EntryKey.GrantType, s =>
            (Statement.Read<Grant>(s) with { Key = new SignerKey().Key }).Encode()) },
        { "no grant", Codes.AgentUnknown, t => Bend(t, reply: r => r.Entries.Remove(Entry(r, EntryKey.GrantType))) },
        { "a widened policy", Codes.EntryForged, t => BendEntry(t, EntryKey.PolicyType, s =>
            (Statement.Read<ReleasePolicy>(s) with { Uses = [TestCustomer.N("hold"), TestCustomer.N("shell")] }).Encode()) },
        { "a policy of another name", Codes.EntryForged, async t =>
        {
            await t.Customer.PutCredential("db3", "x"u8.ToArray(), "closed");
            var open = await t.Customer.Release(t.Customer.Launch());
            return await Bend(t, launch: c => c.Launch(credential: "db3"), reply: r =>
            {
                var policy = Entry(open, EntryKey.PolicyType).Clone();
                policy.Id = "closed";
                Replace(r, EntryKey.PolicyType, policy);
            });
        } },
        { "no policy", Codes.PolicyForbids, t => Bend(t, reply: r => r.Entries.Remove(Entry(r, EntryKey.PolicyType))) },
        { "a policy of an earlier head", Codes.EntryForged, async t =>
        {
            await t.Customer.PutPolicy("open", ["web-1"]);
            await t.Customer.PutCredential("db3", "x"u8.ToArray(), "open");
            var before = await t.Customer.Release(t.Customer.Launch(credential: "db3"));
            await t.Customer.PutPolicy("open", ["web-2"]);
            return await Bend(t, launch: c => c.Launch(credential: "db3"), reply: r => Replace(
                r, EntryKey.PolicyType, Entry(before, EntryKey.PolicyType)));
        } },
        { "an answer of an earlier head", Codes.HeadUnknown, async t =>
        {
            var launch = t.Customer.Launch();
            var before = await t.Customer.Release(launch);
            await t.Customer.PutPolicy("later", ["web-2"]);
            return await t.Customer.Seal(t.Agent, launch, before);
        } },
        { "a head that somebody else signed", Codes.HeadUnknown, t => Bend(t, reply: r =>
            r.Head = WireSigned.To(new SignerKey().Sign(WireSigned.From(r.Head).Read<CustomerHead>() with { Counter = 99 }))) },
        { "a release while a lock stands", "locked", async t =>
        {
            var status = await t.Customer.Status();
            var lockRequest = t.Customer.Request(UserAction.Lock, new LockPayload(0, "test"));
            await t.Customer.World.Node.Zone.LockAsync(
                new Wire.LockRequest { Customer = t.Customer.Name.Value, Request = ByteString.CopyFrom(lockRequest.Encode()) }, default);
            Assert.Equal(status.State, (await t.Customer.Status()).State);
            try
            {
                return await Forge(t, c => c.Launch());
            }
            finally
            {
                await t.Customer.LiftAndUnlock();
                await t.Agent.Greet();
            }
        } },
        { "an agent that the policy does not name", Codes.PolicyForbids, t => Forge(t, c => c.Launch(credential: "closed-db")) },
        { "a use that the policy does not name", Codes.PolicyForbids, t => Forge(t, c => c.Launch(use: "shell")) },
        { "a credential that is brokered only", Codes.PolicyForbids, async t =>
        {
            await t.Customer.PutCredential("aws", "x"u8.ToArray(), ReleasePolicy.Default.Value);
            return await Forge(t, c => c.Launch(credential: "aws"));
        } },
        { "a renewed grant that nobody signed", Codes.PolicyForbids, async t =>
        {
            await t.Customer.PutPolicy("labelled", [], "production");
            await t.Customer.PutCredential("db3", "x"u8.ToArray(), "labelled");
            var forged = new SignerKey().Sign(t.Agent.Grant with { Labels = [TestCustomer.N("production")] });
            t.Customer.Refs.Key.Tell(new CustomerKeyMessage.Renewed(t.Agent.Name, new ChangeDone(0, forged, forged)));
            return await Forge(t, c => c.Launch(credential: "db3"));
        } },
        { "an agent that has no grant", "unknown-agent", t => Forge(t, c => c.Launch("web-9")) },
        { "an agent that is not connected", Codes.AgentNotConnected, async t =>
        {
            var launch = t.Customer.Launch("web-2");
            return await t.Customer.Seal(t.Agent, launch, await Web2(t, launch));
        } },
    };

    public static TheoryData<string> Names => Table.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_key_should_refuse(string attack)
    {
        var (customer, agent) = await world.Ready();
        await customer.PutCredential("db2", "another secret"u8.ToArray(), "web");
        await customer.PutPolicy("closed", ["nobody"]);
        await customer.PutCredential("closed-db", "a third"u8.ToArray(), "closed");
        var target = new Target(customer, agent);
        var before = await target.Gauge();

        await Table.Run(attack, target);

        if (!RefusedByTheZone.Contains(Table[attack].Code) && Table[attack].Code != RequestRefusal.WrongCluster)
        {
            await target.ShouldBeAudited(Table[attack].Code);
        }

        await target.ShouldHaveOpenedNothing();
        Assert.Equal(before, await target.Gauge());
        agent.Disconnect();
    }

    private static async Task<Wire.ReleaseReply> Web2(Target t, SignedRequest launch)
    {
        await t.Customer.PutPolicy("web", ["web-1", "web-2"]);
        using var other = await t.Customer.EnrolAgent("web-2");
        return await t.Customer.Release(launch);
    }

    private static async Task<string> Forge(Target t, Func<TestCustomer, SignedRequest> make)
    {
        var launch = make(t.Customer);
        return await t.Customer.Seal(t.Agent, launch, await t.Customer.Release(launch));
    }

    private static async Task<string> Bend(
        Target t, Action<Wire.ReleaseReply>? reply = null, Func<SignedRequest, SignedRequest>? request = null,
        Func<TestCustomer, SignedRequest>? launch = null)
    {
        var signed = launch?.Invoke(t.Customer) ?? t.Customer.Launch();
        var released = await t.Customer.Release(signed);
        reply?.Invoke(released);
        return await t.Customer.Seal(t.Agent, request?.Invoke(signed) ?? signed, released);
    }

    private static Task<string> BendReceipt(Target t, Func<Receipt, Receipt> bend) => Bend(t, reply: r =>
        r.Receipt = ByteString.CopyFrom(bend(Statement.Read<Receipt>(r.Receipt.Span)).Encode()));

    private static Task<string> BendEntry(Target t, string type, Func<byte[], byte[]> bend) => Bend(t, reply: r =>
    {
        var entry = Entry(r, type);
        entry.Statement = ByteString.CopyFrom(bend(entry.Statement.ToByteArray()));
    });

    private static byte[] Flipped(byte[] statement)
    {
        statement[^1] ^= 1;
        return statement;
    }

    private static Wire.Entry Entry(Wire.ReleaseReply reply, string type) => reply.Entries.First(e => e.Type == type);

    private static void Replace(Wire.ReleaseReply reply, string type, Wire.Entry by)
    {
        reply.Entries.Remove(Entry(reply, type));
        reply.Entries.Add(by);
    }
}
