using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Backup;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Backups;

/// <summary>A row of a backup is opened where the key is: unseen by nobody, seen by nobody.</summary>
public sealed class BackupCheckSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private const string Console = "console/one";

    [Fact]
    public async Task A_row_of_a_backup_should_be_opened_once_the_ledger_says_so_and_leave_nothing()
    {
        var (customer, _) = await world.Ready();
        var proof = await Proof(customer);
        var resting = await Gauge(customer);

        var opened = await Check(customer, proof);

        Assert.True(opened.Code is null, $"{opened.Code}: {opened.Detail}");
        Assert.Equal(resting, await Gauge(customer));
        var block = Assert.Single(await customer.Ledger(), static b => b.Kind == BlockKind.BackupCheck);
        Assert.Equal(block.Position, opened.Value!.Position);
        var check = Statement.Read<SignedRecord>(block.Body.Span).Statement.Read<BackupCheck>();
        Assert.Equal((Console, opened.Value.BackupHead), (check.Principal, check.HeadCounter));
    }

    [Fact]
    public async Task An_older_head_should_do_and_be_told_from_the_newest()
    {
        var (customer, _) = await world.Ready();
        var proof = await Proof(customer);
        await customer.PutCredential("db", "a second version"u8.ToArray(), "web", replaces: 1);

        var opened = (await Check(customer, proof)).Value!;

        Assert.Equal(opened.BackupHead + 1, opened.Head);
    }

    [Fact]
    public async Task A_proof_that_was_altered_should_be_refused_whatever_was_altered()
    {
        var (customer, _) = await world.Ready();
        var (other, _) = await world.Ready();
        var (good, foreign) = (await Proof(customer), await Proof(other));
        var head = good.Head.Read<CustomerHead>();
        (string What, BackupProof Proof, string Code)[] cases =
        [
            ("another customer's", foreign, BackupCodes.OfAnother),
            ("head by another", good with { Head = new SignerKey().Sign(head) }, BackupCodes.HeadForged),
            ("head altered", good with { Head = good.Head with { Statement = (head with { Counter = 1 }).Encode() } },
                BackupCodes.HeadForged),
            ("head's signature altered", good with { Head = good.Head with { Signature = Flip(good.Head.Signature, 7) } },
                BackupCodes.HeadForged),
            ("no head", good with { Head = new Signed(new byte[] { 1 }, new byte[64]) }, Codes.Malformed),
            ("another id", good with { Id = "db/2" }, BackupCodes.RowNotUnderHead),
            ("row altered", good with { Row = Flip(good.Row, good.Row.Length - 1) }, BackupCodes.RowNotUnderHead),
            ("another customer's row", good with { Row = foreign.Row }, BackupCodes.RowNotUnderHead),
            ("row cut", good with { Row = good.Row[..^1] }, Codes.Malformed),
            ("another proof", good with { Proof = foreign.Proof }, BackupCodes.RowNotUnderHead),
            ("no proof", good with { Proof = default }, Codes.Malformed),
        ];
        foreach (var (what, proof, code) in cases)
            Assert.Equal((what, code), (what, (await Check(customer, proof)).Code));
        Assert.DoesNotContain(await customer.Ledger(), static b => b.Kind == BlockKind.BackupCheck);
        Assert.Null((await Check(customer, good)).Code);
    }

    [Fact]
    public async Task A_head_that_the_store_has_lost_should_be_told()
    {
        var (customer, _) = await world.Ready();
        var proof = await Proof(customer);
        await customer.PutCredential("db", "a second version"u8.ToArray(), "web", replaces: 1);
        var ahead = await Proof(customer);
        await customer.Wipe();
        await customer.Unlock();

        Assert.Null((await Check(customer, ahead)).Code);
        Assert.Null((await Check(customer, proof)).Code);
    }

    [Fact]
    public async Task A_locked_customer_should_not_be_looked_into()
    {
        var (customer, _) = await world.Ready();
        var proof = await Proof(customer);
        await customer.Wipe();

        Assert.Equal(Codes.CustomerLocked, (await Check(customer, proof)).Code);
    }

    [Fact]
    public async Task Nothing_should_be_opened_without_the_receipt_of_this_very_check()
    {
        var (customer, _) = await world.Ready();
        var proof = await Proof(customer);
        var first = (await Offer(customer, proof)).Value!;
        Assert.Equal(Codes.Busy, (await Offer(customer, proof)).Code);
        var second = (await Offer(customer, proof, "console/two")).Value!;
        var third = (await Offer(customer, proof, "console/three")).Value!;
        var receipt = await Append(customer, first);

        Assert.Equal(Codes.ReceiptOfAnother, (await Open(customer, second.Check, receipt)).Code);
        Assert.Equal(Codes.ReceiptForged, (await Open(customer, third.Check, Flip(await Append(customer, third), 300))).Code);
        // Used up by what was wrong.
        Assert.Equal(BackupCodes.NotOffered, (await Open(customer, second.Check, receipt)).Code);
        Assert.Null((await Open(customer, first.Check, receipt)).Code);
        // Once only.
        Assert.Equal(BackupCodes.NotOffered, (await Open(customer, first.Check, receipt)).Code);
    }

    [Fact]
    public async Task An_intent_should_be_appended_by_the_owner_alone_and_not_while_a_lock_stands()
    {
        var (customer, _) = await world.Ready();
        var proof = await Proof(customer);
        var offer = (await Offer(customer, proof)).Value!;
        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(
            () => world.HostileNode.AppendBackupCheckAsync(Request(customer, offer), default));
        Assert.Equal("wrong-node", refused.Code);
        var forged = offer with { Signed = new SignerKey().Sign(offer.Signed.Read<BackupCheck>()) };
        refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(() => Append(customer, forged));
        Assert.Equal("bad-signature", refused.Code);

        var locked = customer.Request(UserAction.Lock, new LockPayload(0, "drill"));
        await world.Node.Zone.LockAsync(
            new Wire.LockRequest
            {
                Customer = customer.Name.Value,
                Request = Google.Protobuf.ByteString.CopyFrom(locked.Encode()),
            },
            default);
        refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(() => Append(customer, offer));
        Assert.Equal(Codes.LockStands, refused.Code);
    }

    [Fact]
    public async Task A_backup_from_before_a_rotation_should_be_said_to_be_of_no_use()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        await customer.PutPolicy("web", agents: ["web-1"]);
        await customer.EnrolAgent("web-1");
        await customer.PutCredential("db", "secret"u8.ToArray(), "web");
        var proof = await Proof(customer);
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();
        await customer.UntilCustody(2, 1);
        // Both epochs' secrets are here: what was saved before opens still.
        Assert.Null((await Check(customer, proof)).Code);

        world.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);
        // Behind the end of the rotation at the writer: the key knows of it by then.
        await customer.PutPolicy("later", agents: ["web-1"]);

        Assert.Equal(BackupCodes.Superseded, (await Check(customer, proof)).Code);
        Assert.Null((await Check(customer, await Proof(customer))).Code);
    }

    [Fact]
    public async Task A_console_should_be_answered_yes_or_no_within_its_budget()
    {
        var (customer, _) = await world.Ready();
        var model = new BackupCheckModel((await Proof(customer)).Encode());
        await using var server = await GatewayServer.StartAsync(world);
        using var client = server.Client(world.Console);
        var path = $"/v1/customers/{customer.Name}/backup-checks";

        var first = await Post();
        Assert.True(first.Code is null, $"{first.Code}: {first.Detail}");
        var empty = await GatewayServer.Post(
            client, path, new BackupCheckModel(Statement.Read<BackupProof>(model.Proof) is var p
                ? (p with { Id = "", Row = default, Proof = default }).Encode() : []),
            ApiJson.Default.BackupCheckModel, ApiJson.Default.BackupCheckedModel);
        Assert.Equal(Codes.Malformed, empty.Code);
        // The budget is of a minute of the clock, and one may end among them: then it is the second whose budget ends.
        var codes = new List<string?>();
        for (var i = 0; i < 32 && !codes.Contains(Codes.EntryRate); i++)
            codes.Add((await Post()).Code);
        Assert.Contains(Codes.EntryRate, codes);

        Task<(BackupCheckedModel? Reply, string? Code, string? Detail)> Post() => GatewayServer.Post(
            client, path, model, ApiJson.Default.BackupCheckModel, ApiJson.Default.BackupCheckedModel);
    }

    /// <summary>As a backup has it: the zone gives a row with its proof with a release only.</summary>
    private static async Task<BackupProof> Proof(TestCustomer customer)
    {
        var released = await customer.Release(customer.Launch(user: "alice"));
        var row = released.Entries.Single(static e => e.Type == EntryKey.RowType);
        return new BackupProof(WireSigned.From(released.Head), row.Id, row.Statement.ToByteArray(), row.Proof.ToByteArray());
    }

    private static Task<Result<OfferedBackupCheck>> Offer(TestCustomer customer, BackupProof proof, string console = Console) =>
        customer.Ask<Result<OfferedBackupCheck>>(r => new CustomerKeyMessage.OfferBackupCheck(proof, console, r));

    private static Task<Result<OpenedBackup>> Open(TestCustomer customer, Digest check, byte[] receipt) =>
        customer.Ask<Result<OpenedBackup>>(r => new CustomerKeyMessage.OpenBackup(check, receipt, r));

    private static Wire.AppendBackupCheckRequest Request(TestCustomer customer, OfferedBackupCheck offer) =>
        new() { Customer = customer.Name.Value, Fence = offer.Fence, Check = WireSigned.To(offer.Signed) };

    private async Task<byte[]> Append(TestCustomer customer, OfferedBackupCheck offer) =>
        (await world.Node.Zone.AppendBackupCheckAsync(Request(customer, offer), default)).Receipt.ToByteArray();

    private async Task<Result<OpenedBackup>> Check(TestCustomer customer, BackupProof proof)
    {
        var offered = await Offer(customer, proof);
        return offered.Value is { } offer
            ? await Open(customer, offer.Check, await Append(customer, offer))
            : offered.ToRefused();
    }

    private static async Task<long> Gauge(TestCustomer customer)
    {
        await customer.Status();
        return SecretMemory.Default.LiveBytes;
    }

    private static byte[] Flip(ReadOnlyMemory<byte> bytes, int at)
    {
        var flipped = bytes.ToArray();
        flipped[at] ^= 1;
        return flipped;
    }
}
