using Broker.Dmz.Customers;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Support;

/// <content>The customer's own key, locks, and starts of the node at which nobody unlocks.</content>
internal sealed partial class TestCustomer
{
    /// <summary>A plan with shares and the customer's own key <c>safe</c>, and what else is named.</summary>
    public EnrolmentPlan PlanWithKey(params CustodyWay[] more) =>
        Plan() with { Ways = [.. Plan().Ways, CustodyWay.OfWrap(WayKind.Key, new NamedKey(Safe, SafeKey)), .. more], OneWayOnly = false };

    /// <summary>The wrap that the customer keeps.</summary>
    public SealedWrap Wrap => Statement.Read<SealedWrap>(Enrolment!.Wraps[0].Wrap);

    /// <summary>The record in the customer's wrap, in locked memory.</summary>
    public WrapRecord OpenWrap()
    {
        Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(_safe, Wrap, out var record));
        return record!;
    }

    public WrapModel WrapFor(WrapRecord record, PublicKey? incarnation = null) => new(
        record.Epoch, record.Way.Value, record.Split.ToString(), record.SealForUnlock(
            incarnation ?? world.Node.Incarnation.Key, CustodyInfo.AcceptedHead(0, Digest.Zero), SystemRandom.Fill),
        0, Digest.Zero.ToString(), null);

    public WrapModel WrapFor(PublicKey? incarnation = null)
    {
        using var record = OpenWrap();
        return WrapFor(record, incarnation);
    }

    public Task<Result<KeyStatus>> Give(WrapModel wrap, Signed? custody = null) =>
        Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.GiveWrap(wrap, custody ?? Enrolment!.Custody.ToSigned(), r));

    /// <summary>A lock as an administrator asks for it, in the zone and on the node.</summary>
    public async Task Lock()
    {
        var request = Request(UserAction.Lock, new LockPayload(0, "test"));
        await world.Node.Zone.LockAsync(
            new Wire.LockRequest { Customer = Name.Value, Request = ByteString.CopyFrom(request.Encode()) }, default);
        await Wipe();
    }

    /// <summary>An administrator lifts the lock that stands.</summary>
    public async Task LiftTheLock()
    {
        await Until(s => s.State == KeyState.LiftNeeded);
        var lifted = await Lift(Request(UserAction.LiftLock, new LockPayload((await ZoneState()).LockGeneration, "test")));
        Assert.True(lifted.Code is null, $"{lifted.Code}: {lifted.Detail}");
        await UntilUnlocked();
    }
}
