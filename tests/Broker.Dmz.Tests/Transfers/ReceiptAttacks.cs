using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>The owner's node, taken over but for the key actor, tries to have it seal without the intent in the ledger.</summary>
public sealed class ReceiptAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task No_receipt_should_be_no_transfer() =>
        await ShouldBeRefused(Codes.ReceiptForged, (_, _) => Task.FromResult<byte[]>([]));

    [Fact]
    public async Task An_altered_receipt_should_be_no_transfer() => await ShouldBeRefused(Codes.ReceiptForged, async (f, offer) =>
    {
        var receipt = await Append(f, offer);
        receipt[^1] ^= 1;
        return receipt;
    });

    [Fact]
    public async Task A_block_with_another_target_should_be_no_transfer() => await ShouldBeRefused(Codes.ReceiptForged, async (f, offer) =>
    {
        var receipt = Statement.Read<Receipt>(await Append(f, offer));
        var block = receipt.Block.ToArray();
        block[^40] ^= 1;
        return (receipt with { Block = block }).Encode();
    });

    [Fact]
    public async Task The_receipt_of_another_transfer_should_be_no_transfer() => await ShouldBeRefused(
        Codes.ReceiptOfAnother, async (f, _) =>
        {
            using var other = new Thief(f);
            return await Append(f, (await Offer(f, other)).Value!);
        });

    [Fact]
    public async Task The_receipt_of_a_launch_should_be_no_transfer() => await ShouldBeRefused(Codes.ReceiptOfAnother, async (f, _) =>
        (await f.Customer.Release(f.Customer.Launch("web-1"))).Receipt.ToByteArray());

    [Fact]
    public async Task A_stale_receipt_should_be_no_transfer() => await ShouldBeRefused(Codes.ReceiptStale, async (f, offer) =>
    {
        var receipt = await Append(f, offer);
        f.World.Time.Advance(TimeSpan.FromMinutes(6));
        return receipt;
    });

    [Fact]
    public async Task A_receipt_should_seal_once()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        var offer = (await Offer(f, thief)).Value!;
        var receipt = await Append(f, offer);

        Assert.Null((await Seal(f, offer.Request, receipt)).Code);
        Assert.Equal(TransferCodes.NotOffered, (await Seal(f, offer.Request, receipt)).Code);
    }

    [Fact]
    public async Task What_was_never_offered_should_not_be_sealed()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        var offer = (await Offer(f, thief)).Value!;
        var receipt = await Append(f, offer);

        Assert.Equal(TransferCodes.NotOffered, (await Seal(f, Digest.Of([1]), receipt)).Code);
        await f.Customer.Wipe();
        await f.Customer.Unlock();
        Assert.Equal(TransferCodes.NotOffered, (await Seal(f, offer.Request, receipt)).Code);
    }

    [Fact]
    public async Task An_owner_that_was_overtaken_should_seal_nothing()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        using var thief = new Thief(f);
        var offer = (await Offer(f, thief)).Value!;
        Assert.Equal(KeyState.Unlocked, (await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r))).Value!.State);

        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(() => Append(f, offer));

        Assert.Equal(Codes.FenceStale, refused.Code);
        await there.Wipe();
    }

    [Fact]
    public async Task An_intent_should_be_appended_by_its_owner_only()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        var offer = (await Offer(f, thief)).Value!;

        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(
            () => world.HostileNode.AppendTransferAsync(Request(f, offer), default));

        Assert.Equal("wrong-node", refused.Code);
    }

    [Fact]
    public async Task An_intent_that_another_key_signed_should_not_be_appended()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        var offer = (await Offer(f, thief)).Value!;
        var record = Statement.Read<Protocol.Transfer.TransferRecord>(offer.Record);
        var forged = record with { Intent = new SignerKey().Sign(record.Intent.Read<Protocol.Transfer.TransferIntent>()) };

        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(
            () => Append(f, offer with { Record = forged.Encode() }));

        Assert.Equal("bad-signature", refused.Code);
    }

    [Fact]
    public async Task What_was_altered_on_its_way_should_not_be_held()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Other.At(f.Customer);
        var before = await f.Gauge();

        Assert.Equal(TransferCodes.Altered, await Bent(f, there, t => t with { Sealed = Flipped(t.Sealed) }));
        Assert.Equal(TransferCodes.OfAnother, await Bent(f, there, t => t with
        {
            Intent = new SignerKey().Sign(t.Intent.Read<Protocol.Transfer.TransferIntent>() with { Request = Digest.Of([1]) }),
        }));
        Assert.Equal(TransferCodes.Forged, await Bent(f, there, t => t with
        {
            Intent = t.Intent with { Signature = new byte[64] },
        }));
        Assert.Equal(Codes.FreshnessUnproven, await Bent(f, there, t => t with { Head = new Signed(new byte[] { 1 }, new byte[64]) }));

        Assert.Equal(KeyState.Locked, (await there.Status()).State);
        Assert.Equal(before, await f.Gauge());
    }

    [Fact]
    public async Task What_was_not_asked_for_should_not_be_held()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Other.At(f.Customer);
        var nothing = new SealedTransfer(new Signed(default, default), default, new Signed(default, default), null);

        Assert.Equal(
            TransferCodes.NotRequested,
            (await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeTransfer(nothing, r))).Code);
    }

    private async Task ShouldBeRefused(string code, Func<TransferFixture, OfferedTransfer, Task<byte[]>> receipt)
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        var before = await f.Gauge();
        var offer = (await Offer(f, thief)).Value!;

        Assert.Equal(code, (await Seal(f, offer.Request, await receipt(f, offer))).Code);

        Assert.Equal(before, await f.Gauge());
    }

    /// <summary>What a holder answers dmz-2, bent before it arrives.</summary>
    private static async Task<string?> Bent(TransferFixture f, TestCustomer there, Func<SealedTransfer, SealedTransfer> bend)
    {
        var admission = f.Admitters.Admit(f.Other.Node, f.World.Time.GetUtcNow());
        var request = await there.Ask<Result<Signed>>(r => new CustomerKeyMessage.RequestTransfer(
            f.Owner.Node.Incarnation.Key.Fingerprint, 1, admission.Hash(), r));
        var ask = new TransferAsk(
            f.Other.Node.Node, request.Value!, f.Other.Node.Incarnation.Statement,
            [.. f.Other.Node.Incarnation.Certificates.Select(c => (ReadOnlyMemory<byte>)c)], admission.Encode(), default);
        var offer = await f.Customer.Ask<Result<OfferedTransfer>>(r => new CustomerKeyMessage.OfferTransfer(ask, r));
        var done = await Seal(f, offer.Value!.Request, await Append(f, offer.Value));
        var taken = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeTransfer(bend(done.Value!), r));
        return taken.Code;
    }

    private static ReadOnlyMemory<byte> Flipped(ReadOnlyMemory<byte> bytes)
    {
        var copy = bytes.ToArray();
        copy[^1] ^= 1;
        return copy;
    }

    private static Task<Result<OfferedTransfer>> Offer(TransferFixture f, Thief thief)
    {
        var wire = thief.Wired(thief.Admitted());
        var ask = new TransferAsk(
            thief.Incarnation.Node, PeerWires.From(wire.Request), thief.SignedIncarnation, thief.Certificates, wire.Admission.Memory,
            default);
        return f.Customer.Ask<Result<OfferedTransfer>>(r => new CustomerKeyMessage.OfferTransfer(ask, r));
    }

    private static Task<Result<SealedTransfer>> Seal(TransferFixture f, Digest request, byte[] receipt) =>
        f.Customer.Ask<Result<SealedTransfer>>(r => new CustomerKeyMessage.SealTransfer(request, receipt, r));

    private static Wire.AppendTransferRequest Request(TransferFixture f, OfferedTransfer offer) =>
        new() { Customer = f.Customer.Name.Value, Fence = offer.Fence, Record = ByteString.CopyFrom(offer.Record) };

    private static async Task<byte[]> Append(TransferFixture f, OfferedTransfer offer) =>
        (await f.Owner.Node.Zone.AppendTransferAsync(Request(f, offer), default)).Receipt.ToByteArray();
}
