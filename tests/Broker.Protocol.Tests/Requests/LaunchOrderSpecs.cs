using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Requests;

/// <summary>What a hand-off is made by: a launch, or a promotion with what follows from it.</summary>
public class LaunchOrderSpecs
{
    private static readonly Name Db = Name.Parse("db");
    private static readonly Name Web = Name.Parse("web-1");
    private static readonly Id16 Held = new([.. Enumerable.Repeat((byte)7, Id16.Length)]);
    private static readonly HolderLaunch Holder = new(Web, Held, [new LaunchItem(Db, 2, Db), new LaunchItem(Web, 0, Db)], 1);

    [Fact]
    public void Launch_should_be_read_as_it_was_signed()
    {
        var launch = new LaunchPayload(Web, [new LaunchItem(Db, 0, Db)], Held);
        var order = LaunchOrder.Read(Signed(launch.Encode()));
        Assert.Equal((UserAction.Launch, default, HandOffId.Of(order.Request.Hash, Web)), (order.Action, order.Replaces, order.HandOff));
        Assert.Throws<MalformedException>(() => LaunchOrder.Read(Signed(Promotion(all: true).Encode())));
    }

    [Fact]
    public void Promotion_should_make_a_hand_off_for_each_launch_that_follows_from_it()
    {
        foreach (var promotion in (PromotePayload[])[Promotion(all: true), Promotion(false, Db, Web)])
        {
            var order = LaunchOrder.Read(Signed(promotion.Encode()), Holder.Encode());
            Assert.Equal((UserAction.PromoteVersion, Held, Web), (order.Action, order.Replaces, order.Launch.Agent));
            var next = LaunchOrder.Read(Signed(promotion.Encode()), (Holder with { Round = 2 }).Encode());
            Assert.NotEqual(order.HandOff, next.HandOff);
            Assert.NotEqual(order.HandOff, HandOffId.Of(order.Request.Hash, Web));
        }
    }

    [Fact]
    public void Launch_that_does_not_follow_should_be_none()
    {
        HolderLaunch[] bad =
        [
            Holder with { Items = [new LaunchItem(Db, 1, Db)] }, Holder with { Items = [new LaunchItem(Db, 0, Db)] },
            Holder with { Items = [new LaunchItem(Web, 2, Db)] }, Holder with { Items = [] }, Holder with { Round = 0 },
            Holder with { Replaces = default }, Holder with { Items = [new LaunchItem(Db, 2, Db), new LaunchItem(Db, 1, Web)] },
        ];
        Assert.All(bad, b => Assert.Throws<MalformedException>(
            () => LaunchOrder.Read(Signed(Promotion(all: true).Encode()), b.Encode())));
        Assert.Throws<MalformedException>(() => LaunchOrder.Read(Signed(Promotion(all: false).Encode()), Holder.Encode()));
        Assert.Throws<MalformedException>(() => LaunchOrder.Read(Signed(Promotion(false, Db).Encode()), Holder.Encode()));
        Assert.Throws<MalformedException>(() => Statement.Read<PromotePayload>(Promotion(true, Db).Encode()));
    }

    [Fact]
    public void Second_versions_should_be_read_and_nothing_more_be_said_in_the_first()
    {
        var record = Samples.Make<IntentRecord>(new Seeded(3)) with { Launch = new byte[] { 9 } };
        Assert.Equal([9], Statement.Read<IntentRecord>(record.Encode()).Launch.ToArray());
        var header = Samples.Make<MessageHeader>(new Seeded(3)) with { Replaces = Held };
        Assert.Equal(Held, Statement.Read<MessageHeader>(header.Encode()).Replaces);
        var empty = (header with { Replaces = default }).Encode();
        Assert.Equal(default, Statement.Read<MessageHeader>(empty).Replaces);
        var zeros = header.Encode();
        Array.Clear(zeros, zeros.Length - Id16.Length, Id16.Length);
        Assert.Throws<MalformedException>(() => Statement.Read<MessageHeader>(zeros));
    }

    private static PromotePayload Promotion(bool all, params Name[] holders) => new(Db, 2, 1, all, holders);

    private static SignedRequest Signed(byte[] payload) => new(
        new Request(Web, Web, Web, "any", default, DateTimeOffset.UnixEpoch, Digest.Of(payload)).Encode(), payload, []);
}
