using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Support;

/// <content>Hand-overs, and what a hostile gateway makes of them.</content>
internal sealed partial class TestCustomer
{
    /// <summary>An agent acknowledges a launch, so that it holds what it was handed.</summary>
    public async Task<Id16> Hold(AgentEnd agent, string credential = "db", uint version = 0)
    {
        var (header, _) = await Deliver(agent, Launch(agent.Name.Value, credential, version));
        return header.HandOff;
    }

    /// <summary>A promotion that hands over, for so long.</summary>
    public SignedRequest Promotion(string credential, uint version, uint replaces, params string[] holders) => Request(
        UserAction.PromoteVersion,
        new PromotePayload(N(credential), version, replaces, holders.Length == 0, [.. holders.Select(N)]));

    /// <summary>Submits a promotion that is good.</summary>
    public async Task<SignedRequest> PromoteWith(SignedRequest promotion)
    {
        var done = await Submit(promotion, UserAction.PromoteVersion);
        Assert.True(done.Code is null, $"{done.Code}: {done.Detail}");
        return promotion;
    }

    /// <summary>Has the zone release to a holder, as any node can.</summary>
    public async Task<Wire.ReleaseReply> ReleaseTo(SignedRequest promotion, HolderLaunch launch, byte[]? derived = null)
    {
        var status = await Status();
        derived ??= launch.Encode();
        return await world.HostileNode.ReleaseAsync(
            new Wire.ReleaseRequest
            {
                Customer = Name.Value,
                Fence = status.Fence,
                Request = ByteString.CopyFrom(promotion.Encode()),
                HandOff = ByteString.CopyFrom(HandOffId.Of(promotion.Hash, derived).ToArray()),
                Attempt = 1,
                ExpectedCounter = status.HeadCounter,
                Launch = ByteString.CopyFrom(derived),
            },
            default);
    }

    /// <summary>Tells the key actor to seal to a holder; with which code it does not.</summary>
    public async Task<string> SealTo(AgentEnd agent, SignedRequest promotion, HolderLaunch launch, Wire.ReleaseReply released)
    {
        var probe = world.Probe<ProvisioningMessage>();
        Refs.Key.Tell(new CustomerKeyMessage.Seal(promotion, 1, released, probe.Ref, Last: true) { Launch = launch.Encode() });
        return await Answer(agent, probe) switch
        {
            ProvisioningMessage.NotSealed m => m.Refusal.Code,
            ProvisioningMessage.Ended { State: HandOffState.Refused or HandOffState.NotSent } m => m.Code,
            var m => m.ToString(),
        };
    }

    /// <summary>Waits until no order of a hand-over stands under the head.</summary>
    public Task UntilHandedOver(string credential = "db") => UntilOrder(credential, stands: false);

    /// <summary>Waits until the key knows that the agent has no session: its link's actor says so in a turn of its own.</summary>
    public async Task UntilGone(Name agent)
    {
        var started = TimeProvider.System.GetTimestamp();
        while ((await Ask<ConnectedHolders>(static r => new CustomerKeyMessage.WhoIsHere(r))).Agents.Contains(agent))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"{agent} keeps its session");
            await Task.Yield();
        }
    }

    /// <summary>Waits until an order of a hand-over stands under the head, or none does.</summary>
    public async Task UntilOrder(string credential, bool stands)
    {
        var started = TimeProvider.System.GetTimestamp();
        while ((await Read(EntryKey.HandOver(N(credential)))).Entries[0].Leaf != default != stands)
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(started) < Patience.Limit,
                $"the order of a hand-over {(stands ? "is not there" : "stays")}");
            await Task.Yield();
        }
    }

    /// <summary>Waits until a hand-off of the journal is in a state.</summary>
    public async Task UntilJournal(Id16 handOff, string state)
    {
        var started = TimeProvider.System.GetTimestamp();
        while ((await Journal(handOff)).State is var found && found != state)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"the hand-off stays {found}");
            await Task.Yield();
        }
    }
}
