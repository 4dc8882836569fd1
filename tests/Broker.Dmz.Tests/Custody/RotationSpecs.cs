using System.Text;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Custody;

/// <summary>Rotation of a customer's epoch, with the rows that it has, against a real zone.</summary>
public sealed class RotationSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_rotation_should_encrypt_every_row_anew()
    {
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        await customer.PutCredential("db", "a second version"u8.ToArray(), "web", replaces: 1);
        var old = customer.Custody;
        await customer.Rotate();
        await customer.UntilRowsLeft(null);

        var custody = await customer.ZoneCustody();
        Assert.Equal((2u, 1u), (custody.Epoch, custody.Revision));
        Assert.NotEqual(old.Identity, custody.Identity);
        Assert.NotEqual(old.Intake, custody.Intake);
        agent.Grant = agent.Grant with { Identity = custody.Identity.Fingerprint };
        await agent.Connect();
        await customer.ShouldDeliver(agent, "db", "a second version");
        await customer.ShouldDeliver(agent, "db", "correct horse battery staple", version: 1);
        Assert.Equal(3u, await customer.PutCredential("db", "a third version"u8.ToArray(), "web", replaces: 2));

        var kinds = (await customer.Ledger()).Select(static b => b.Kind).ToList();
        Assert.Single(kinds, BlockKind.Rotated);
        Assert.Single(kinds, BlockKind.Rotation);
        Assert.Single(kinds, BlockKind.RotationEnded);
    }

    [Fact]
    public async Task A_rotation_of_many_batches_should_encrypt_each_row_once()
    {
        // So large that four of them fill a batch.
        const int Rows = 20, Length = 1_000_000, Batch = 5;
        var customer = await world.Enrolled(administratorsRequired: 2);
        await customer.PutPolicy("web", agents: ["web-1"]);
        for (var i = 0; i < Rows; i++)
        {
            await customer.PutCredential($"c-{i}", new byte[Length], "web");
        }

        await customer.Rotate();
        await customer.UntilRowsLeft(null);

        // A batch whose answer was lost is given again.
        var given = (await customer.Ledger()).Where(static b => b.Kind == BlockKind.Rotation)
            .Sum(static b => Statement.Read<RotationIntent>(b.Body.Span).Leaves.Count);
        Assert.InRange(given, Rows, Rows + Batch);
    }

    [Fact]
    public async Task The_old_secret_should_be_wiped_when_no_row_needs_it()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        await customer.PutPolicy("web", agents: ["web-1"]);
        await customer.PutCredential("db", "secret"u8.ToArray(), "web");
        world.Zone.Allow("rotate-rows", 0);
        var (way, keys) = TestCustomer.NewCustodians(2, 3);
        var resting = await Gauge(customer);

        var begun = await Begin(customer, way);
        await customer.Confirm(begun.Value!, keys);
        await customer.UntilCustody(2, 1);
        Assert.True(await Gauge(customer) >= resting + CustomerSecret.Length, "the secret of the epoch before is not held");

        world.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);
        await customer.Until(_ => SecretMemory.Default.LiveBytes <= resting);
        Assert.All(keys, static k => k.Dispose());
    }

    [Fact]
    public async Task A_crash_after_any_batch_should_go_on_from_the_rows_that_are_left()
    {
        // So large that 64 of them fill a batch; the one that is there before is short, and stands in the first.
        const int Rows = 150, Length = 64 << 10;
        static string Secret(int i) => $"secret {i}".PadRight(Length);
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        await Task.WhenAll(Enumerable.Range(1, Rows - 1).Select(
            i => customer.PutCredential($"c-{i}", Encoding.UTF8.GetBytes(Secret(i)), "web")));
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();
        agent.Grant = agent.Grant with { Identity = customer.Custody.Identity.Fingerprint };

        foreach (var left in (ulong[])[Rows, Rows - 65, Rows - 129])
        {
            await customer.UntilRowsLeft(left);
            await customer.Restart();
            await agent.Connect();
            await customer.ShouldDeliver(agent, "c-1", Secret(1));
            await customer.ShouldDeliver(agent, $"c-{Rows - 1}", Secret(Rows - 1));
            Assert.Equal(Codes.RotationUnfinished, (await Begin(customer)).Code);
            world.Zone.Allow("rotate-rows", 1);
        }

        await customer.UntilRowsLeft(0);
        await customer.Restart();
        world.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);
        await customer.Restart();
        await agent.Connect();
        for (var i = 1; i < Rows; i += 37)
        {
            await customer.ShouldDeliver(agent, $"c-{i}", Secret(i));
        }
    }

    [Fact]
    public async Task Changes_should_go_on_while_rows_are_encrypted_anew()
    {
        const int Rows = 150, Length = 64 << 10;
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        await Task.WhenAll(Enumerable.Range(1, Rows).Select(
            i => customer.PutCredential($"c-{i}", Encoding.UTF8.GetBytes($"secret {i}".PadRight(Length)), "web")));
        await customer.Rotate();
        for (var i = 1; i <= 10; i++)
        {
            Assert.Equal(2u, await customer.PutCredential($"c-{i}", Encoding.UTF8.GetBytes($"next {i}"), "web", replaces: 1));
        }

        await customer.UntilRowsLeft(null);
        agent.Grant = agent.Grant with { Identity = customer.Custody.Identity.Fingerprint };
        await agent.Connect();
        await customer.ShouldDeliver(agent, "c-1", "next 1");
        await customer.ShouldDeliver(agent, "c-1", "secret 1".PadRight(Length), version: 1);
        await customer.ShouldDeliver(agent, $"c-{Rows}", $"secret {Rows}".PadRight(Length));
    }

    [Fact]
    public async Task Rows_should_be_encrypted_anew_only_under_a_head_that_is_known()
    {
        var (customer, _) = await world.Ready(administratorsRequired: 2);
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();
        var fence = (await customer.ZoneState()).Fence;

        Assert.Equal(1, (await Reseal(static _ => { })).Value!.Count);
        Assert.Equal(Codes.ReceiptOfAnother, (await Reseal(static g => g.Rows.Clear())).Code);
        Assert.Equal(Codes.ReceiptOfAnother, (await Reseal(static g => g.Rows[0].Statement = Turned(g.Rows[0].Statement))).Code);
        Assert.Equal(Codes.ReceiptOfAnother, (await Reseal(static g => g.Rows[0].Id = "db/2")).Code);
        Assert.Equal(Codes.EntryForged, (await Reseal(static g => g.Proof = Turned(g.Proof))).Code);
        Assert.Equal(Codes.EntryForged, (await Reseal(static g => g.Proof = ByteString.Empty)).Code);
        Assert.Equal(Codes.HeadUnknown, (await Reseal(static g => g.Head.Statement = Turned(g.Head.Statement))).Code);
        Assert.Equal(Codes.HeadUnknown, (await Reseal(static g => g.Head = null)).Code);
        world.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);

        static ByteString Turned(ByteString bytes) =>
            ByteString.CopyFrom([.. bytes.Span[..^1], (byte)(bytes.Span[^1] ^ 1)]);

        async Task<Result<RowsResealed>> Reseal(Action<Wire.RotateRowsReply> alter)
        {
            var answer = await world.Zone.Service.RotateRows(
                null!, new Wire.RotateRowsRequest { Customer = customer.Name.Value, Fence = fence, MaxRows = 512 }, default);
            var given = answer.Reply!;
            alter(given);
            return await customer.Ask<Result<RowsResealed>>(r => new CustomerKeyMessage.Reseal(given, r));
        }
    }

    [Fact]
    public async Task A_crash_before_the_last_confirmation_should_leave_the_epoch_as_it_was()
    {
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        var (way, keys) = TestCustomer.NewCustodians(2, 3);
        var begun = await Begin(customer, way);
        await customer.Confirm(begun.Value!, keys, upTo: 2);

        await customer.Restart();

        Assert.Equal(1u, (await customer.ZoneCustody()).Epoch);
        await agent.Connect();
        await customer.ShouldDeliver(agent, "db", "correct horse battery staple");
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_should_begin_the_epoch()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        world.Zone.LoseNextAnswer("commit");

        await customer.Rotate();
        await customer.Restart();

        Assert.Equal(2u, (await customer.ZoneCustody()).Epoch);
        await customer.UntilRowsLeft(null);
    }

    [Fact]
    public async Task Shares_of_the_old_epoch_should_be_superseded()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var old = customer.At(customer.Refs);
        await customer.Rotate();
        await customer.Wipe();

        var share = old.ShareFor(1);
        var zone = WireSigned.From((await customer.ZoneState()).Custody);

        Assert.Equal(Codes.WaySuperseded, (await customer.Ask<Result<KeyStatus>>(
            r => new CustomerKeyMessage.GiveShare(share, zone, r))).Code);
        await customer.Unlock();
    }

    [Fact]
    public async Task An_upload_to_the_old_intake_key_should_be_told_so_while_that_can_be_known()
    {
        var (customer, _) = await world.Ready(administratorsRequired: 2);
        var (request, upload) = customer.Put("new", "x"u8.ToArray(), "web");
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();

        Assert.Equal(Codes.IntakeRotated, (await customer.Submit(request, UserAction.PutCredential, upload)).Code);
        Assert.Equal(1u, await customer.PutCredential("new", "x"u8.ToArray(), "web"));
        world.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);
    }

    [Theory]
    [InlineData(false, SuccessionOutcome.Followed)]
    [InlineData(true, SuccessionOutcome.Broken)]
    public async Task Whoever_pinned_the_old_identity_should_follow_unless_it_was_compromised(bool compromised, SuccessionOutcome outcome)
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        var pin = customer.Custody.Identity.Fingerprint;

        var made = await customer.Rotate(compromised);

        var links = (await customer.ZoneState()).Successions.Select(WireSigned.From).ToList();
        var shown = (await customer.ZoneCustody()).Identity.Fingerprint;
        Assert.Equal(outcome, SuccessionChain.Follow(pin, shown, links, world.Node.Cluster, customer.Name));
        Assert.Equal(
            outcome, SuccessionChain.Follow(pin, shown, [made.Succession!.ToSigned()], world.Node.Cluster, customer.Name));
    }

    [Fact]
    public async Task Two_rotations_should_lead_from_the_first_identity_to_the_third()
    {
        var (customer, _) = await world.Ready(administratorsRequired: 2);
        var pin = customer.Custody.Identity.Fingerprint;
        await customer.Rotate();
        await customer.UntilRowsLeft(null);
        await customer.ChangeCustody(2, 2);
        await customer.Rotate();
        await customer.UntilRowsLeft(null);
        await customer.Restart();

        var state = await customer.ZoneState();
        var shown = (await customer.ZoneCustody()).Identity.Fingerprint;
        Assert.Equal(
            SuccessionOutcome.Followed,
            SuccessionChain.Follow(pin, shown, [.. state.Successions.Select(WireSigned.From)], world.Node.Cluster, customer.Name));
    }

    [Fact]
    public async Task A_renewed_grant_should_be_by_the_new_identity()
    {
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        await customer.Rotate();

        var renewed = await customer.Submit(new Change.Renewal(agent.Name, agent.Boot));

        var grant = renewed.Value!.Grant!;
        Assert.True(grant.IsBy(customer.Custody.Identity));
        Assert.Equal((2u, customer.Custody.Identity.Fingerprint), (grant.Read<Grant>().Epoch, grant.Read<Grant>().Identity));
    }

    [Fact]
    public async Task Rows_without_the_zones_receipt_should_not_be_encrypted_anew()
    {
        var (customer, _) = await world.Ready(administratorsRequired: 2);
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();
        var key = EntryKey.Row(TestCustomer.N("db"), 1);

        Assert.Equal(Codes.ReceiptForged, (await customer.Submit(new Change.Rotation(new byte[64], [(key, new byte[64])]))).Code);
        world.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);
        Assert.Equal(Codes.ReceiptOfAnother, (await customer.Submit(new Change.Rotation(new byte[64], [(key, new byte[64])]))).Code);
    }

    private static async Task<Result<Protocol.Api.EnrolledModel>> Begin(TestCustomer customer, CustodyWay? way = null)
    {
        var payload = await customer.RotationPayload(way ?? TestCustomer.NewCustodians(2, 3).Way);
        return await customer.BeginCustody(customer.Request(UserAction.Rotate, payload, co: "bob"), UserAction.Rotate);
    }

    private static async Task<long> Gauge(TestCustomer customer)
    {
        await customer.Status();

        // What earlier tests dropped is not counted.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return SecretMemory.Default.LiveBytes;
    }
}
