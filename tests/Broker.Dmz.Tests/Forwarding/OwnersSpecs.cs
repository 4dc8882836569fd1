using Broker.Dmz.Forwarding;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Zone;
using Broker.TestKit;
using Google.Protobuf;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>How often the zone is asked who owns a customer.</summary>
public sealed class OwnersSpecs
{
    private static readonly Name Customer = Name.Parse("acme");
    private static readonly Name Owner = Name.Parse("dmz-2");

    private readonly CountingZone _zone = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Who_asks_while_the_owner_is_gone_should_share_an_answer_for_a_moment()
    {
        var owners = new Owners(_zone, 10, _time);
        await owners.Find(Customer, default);
        owners.WentSilent(Owner);
        var asked = _zone.Asked;

        for (var call = 0; call < 100; call++)
        {
            Assert.Equal(Owner, (await owners.Find(Customer, default))!.Node);
        }

        Assert.InRange(_zone.Asked - asked, 0, 1);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        await owners.Find(Customer, default);
        Assert.InRange(_zone.Asked - asked, 1, 2);
    }

    [Fact]
    public async Task Who_was_told_that_the_owner_is_another_should_get_an_answer_of_their_own()
    {
        var owners = new Owners(_zone, 10, _time);
        await owners.Refresh(Customer, default);
        await owners.Refresh(Customer, default);

        Assert.Equal(2, _zone.Asked);
    }

    [Fact]
    public async Task One_that_gives_up_should_not_take_the_answer_from_the_others()
    {
        var owners = new Owners(_zone, 10, _time);
        _zone.Held = new TaskCompletionSource();
        using var gives = new CancellationTokenSource();
        var first = owners.Refresh(Customer, gives.Token, isShared: true);
        var second = owners.Refresh(Customer, default, isShared: true);

        await gives.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _zone.Held.SetResult();

        Assert.Equal(Owner, (await second)!.Node);
        Assert.Equal(1, _zone.Asked);
    }

    private sealed class CountingZone : ZoneCaller
    {
        public int Asked { get; private set; }

        public TaskCompletionSource? Held { get; set; }

        public override async Task<TReply> CallAsync<TRequest, TReply>(
            ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
        {
            Asked++;
            if (Held is { } held)
            {
                await held.Task.WaitAsync(cancellationToken);
            }

            return (TReply)(object)new CustomerState
            {
                OwnerNode = Owner.Value,
                OwnerIncarnation = ByteString.CopyFrom(Digest.Of("a start"u8).ToArray()),
                Fence = 3,
            };
        }
    }
}
