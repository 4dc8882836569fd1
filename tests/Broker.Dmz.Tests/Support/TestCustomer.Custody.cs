using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Support;

/// <content>Other custody, and rotation.</content>
internal sealed partial class TestCustomer
{
    /// <summary>Custodians with keys of their own, whose shares are to be <paramref name="threshold"/> of so many.</summary>
    public static (CustodyWay Way, IReadOnlyList<P256PrivateKey> Keys) NewCustodians(uint threshold, int count)
    {
        List<P256PrivateKey> keys = [.. Enumerable.Range(0, count).Select(static _ => P256PrivateKey.Generate(SystemRandom.Fill))];
        return (CustodyWay.OfShares(
            threshold, [.. keys.Select((k, i) => new NamedKey(N($"holder-{i + 1}"), PublicKeyOf(k)))]), keys);
    }

    public async Task<ChangeCustodyPayload> CustodyPayload(CustodyWay way)
    {
        var custody = await ZoneCustody();
        return new ChangeCustodyPayload([way], OneWayOnly: true, custody.AdministratorsRequired, custody.Epoch, custody.Revision);
    }

    public async Task<RotatePayload> RotationPayload(CustodyWay way, bool compromised = false)
    {
        var custody = await ZoneCustody();
        return new RotatePayload([way], OneWayOnly: true, custody.AdministratorsRequired, custody.Epoch + 1, compromised);
    }

    public async Task<CustodyRecord> ZoneCustody() => WireSigned.From((await ZoneState()).Custody).Read<CustodyRecord>();

    /// <summary>Asks as a gateway does.</summary>
    public async Task<Result<EnrolledModel>> BeginCustody(SignedRequest request, UserAction action)
    {
        var (entries, head) = await Read([.. request.Signatures.Select(s => EntryKey.User(s.User)), ChangeKeys.Record(request)]);
        return await Ask<Result<EnrolledModel>>(r => new CustomerKeyMessage.BeginCustody(request, action, entries, head, r));
    }

    /// <summary>The holders of this custody confirm, from the first one to the one before <paramref name="upTo"/>.</summary>
    public async Task Confirm(EnrolledModel made, IReadOnlyList<P256PrivateKey> keys, int upTo = int.MaxValue)
    {
        var record = made.Custody.ToSigned().Read<CustodyRecord>();
        foreach (var share in made.Shares.Take(upTo))
        {
            using var opened = Open(record, share, keys);
            var confirmed = await Ask<Result<KeyStatus>>(
                r => new CustomerKeyMessage.Confirm("shares", share.Index, opened.Confirm(made.Challenge), r));
            Assert.True(confirmed.Code is null, $"{confirmed.Code}: {confirmed.Detail}");
        }
    }

    /// <summary>From here on the people unlock with this custody.</summary>
    public void Use(EnrolledModel made, IReadOnlyList<P256PrivateKey> keys)
    {
        Enrolment = made;
        _custodians.Clear();
        _custodians.AddRange(keys);
    }

    /// <summary>Changes custody to other custodians, whose shares unlock from then on.</summary>
    public async Task ChangeCustody(uint threshold, int count)
    {
        var (way, keys) = NewCustodians(threshold, count);
        var payload = await CustodyPayload(way);
        var begun = await BeginCustody(Request(UserAction.ChangeCustody, payload, co: "bob"), UserAction.ChangeCustody);
        Assert.True(begun.Code is null, $"{begun.Code}: {begun.Detail}");
        await Confirm(begun.Value!, keys);
        await UntilCustody(payload.Epoch, payload.Replaces + 1);
        Use(begun.Value!, keys);
    }

    /// <summary>Begins the next epoch; its rows follow in the background.</summary>
    public async Task<EnrolledModel> Rotate(bool compromised = false)
    {
        var (way, keys) = NewCustodians(2, 3);
        var payload = await RotationPayload(way, compromised);
        var begun = await BeginCustody(Request(UserAction.Rotate, payload, co: "bob"), UserAction.Rotate);
        Assert.True(begun.Code is null, $"{begun.Code}: {begun.Detail}");
        await Confirm(begun.Value!, keys);
        await UntilCustody(payload.Epoch, 1);
        Use(begun.Value!, keys);
        return begun.Value!;
    }

    public async Task UntilCustody(uint epoch, uint revision)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await ZoneCustody() is var custody && (custody.Epoch, custody.Revision) != (epoch, revision))
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(started) < Patience.Limit,
                $"stays at epoch {custody.Epoch}, revision {custody.Revision}; {(await Status()).LastFailure}");
            await Task.Yield();
        }

        // The zone answers the reader as soon as the writer; the key has heard of it when nothing waits for confirmations.
        await Until(static s => s.Challenge is null);
    }

    /// <summary>Until so many rows of the epoch before are left; null waits for the end of the rotation.</summary>
    public async Task UntilRowsLeft(ulong? left)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await ZoneState() is var state && (left is null ? state.Rotating : state.RowsLeft != left))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"{state.RowsLeft} rows of the epoch before stay");
            await Task.Yield();
        }
    }

    /// <summary>A launch hands the agent that secret.</summary>
    public async Task ShouldDeliver(AgentEnd agent, string credential, string secret, uint version = 0)
    {
        var (_, body) = await Deliver(agent, Launch(credential: credential, version: version));
        Assert.Equal(secret, System.Text.Encoding.UTF8.GetString(body));
    }

    /// <summary>An agent acknowledges a launch; what it is asked before about others it leaves open.</summary>
    public async Task<(MessageHeader Header, byte[] Body)> Deliver(AgentEnd agent, SignedRequest launch)
    {
        var envelope = agent.Envelope();
        while (true)
        {
            var said = BeginSeal(launch, await Release(launch)).Next();
            if (await Task.WhenAny(envelope, said) == said)
            {
                // Another change's head came between, and nothing was sealed.
                Assert.IsType<ProvisioningMessage.Overtaken>(await said);
                continue;
            }

            var (header, body) = await envelope;
            Assert.Equal(HandOffId.Of(launch.Hash, AgentOf(launch)), header.HandOff);
            agent.Acknowledge(header);
            Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await said).State);
            return (header, body);
        }
    }

    private static ShareRecord Open(CustodyRecord record, SealedShareModel share, IReadOnlyList<P256PrivateKey> keys) =>
        ShareRecord.Take(Hpke.Open(
            keys[(int)share.Index - 1],
            CustodyInfo.SealedShare(record.Cluster, record.Customer, record.Epoch, record.Shares!.Split, share.Index), [], share.Sealed));

    private static Protocol.Identifiers.PublicKey PublicKeyOf(P256PrivateKey key) =>
        Protocol.Identifiers.PublicKey.Parse(key.PublicKey);
}
