using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Secrets;
using Broker.TestKit;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests;

/// <summary>
/// Random schedules of what can happen to hand-offs. Each id is opened at most once and ends in exactly one state, the ledger's.
/// </summary>
public sealed class HandOffProperties(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_hand_off_should_be_opened_once_and_end_once(int seed)
    {
        var (customer, agent) = await world.Ready();
        var run = new Run(customer, agent, new SeededRandom(seed));
        for (var step = 0; step < 40; step++)
        {
            await run.Step();
        }

        await run.Settle();

        var outcomes = (await customer.Outcomes()).Where(o => HandOffState.EndsHandOff(o.State)).ToList();
        Assert.All(run.Opened, opened => Assert.Equal(1, opened.Value));
        foreach (var handOff in run.Released)
        {
            var outcome = Assert.Single(outcomes, o => o.HandOff == handOff);
            Assert.Equal(outcome.State, (await customer.Journal(handOff)).State);
            Assert.False(
                outcome.State == HandOffState.NotSent && run.Opened.ContainsKey(handOff), "what was opened is said not to have been sent");
            Assert.False(
                outcome.State == HandOffState.Acknowledged && !run.Opened.ContainsKey(handOff), "an acknowledgement that nobody gave");
        }

        agent.Disconnect();
        await customer.Wipe();
        var ended = TimeProvider.System.GetTimestamp();
        while (SecretMemory.Default.LiveBytes > world.AtRest)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(ended) < Patience.Limit,
                $"{SecretMemory.Default.LiveBytes - world.AtRest} bytes stay");
            await Task.Yield();
        }
    }

    private sealed class Run(TestCustomer customer, AgentEnd agent, SeededRandom random)
    {
        private readonly Dictionary<Id16, SignedRequest> _requests = [];
        private readonly List<MessageHeader> _open = [];

        public HashSet<Id16> Released { get; } = [];

        public Dictionary<Id16, int> Opened { get; } = [];

        public async Task Step()
        {
            switch (Next(8))
            {
                case 0 or 1 or 2:
                    await Launch(customer.Launch());
                    break;
                case 3 when _requests.Count > 0:
                    await Launch(_requests.ElementAt(Next(_requests.Count)).Value);
                    break;
                case 4 when _open.Count > 0:
                    var header = _open[Next(_open.Count)];
                    agent.Acknowledge(header);
                    break;
                case 5 when _requests.Count > 0:
                    customer.Refs.Key.Tell(new CustomerKeyMessage.GiveUp(_requests.ElementAt(Next(_requests.Count)).Key, 1));
                    break;
                case 6:
                    await agent.Connect();
                    _open.Clear();
                    break;
                case 7 when Next(3) == 0:
                    await customer.Wipe();
                    await customer.Unlock();
                    await agent.Greet();
                    _open.Clear();
                    break;
                default:
                    await Drain();
                    break;
            }
        }

        /// <summary>Everything that is still open is given up.</summary>
        public async Task Settle()
        {
            await Drain();
            var started = TimeProvider.System.GetTimestamp();
            while (await OpenInJournal() is { Count: > 0 } open)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"{open.Count} hand-offs have no end");
                open.ForEach(h => customer.Refs.Key.Tell(new CustomerKeyMessage.GiveUp(new Id16(h.HandOff_.Span), h.Attempt)));
                await Task.Yield();
            }
        }

        private async Task Launch(SignedRequest launch)
        {
            var id = HandOffId.Of(launch.Hash, agent.Name);
            var reply = await customer.Release(launch);
            _requests[id] = launch;
            Released.Add(id);
            if (reply.Ended is null)
            {
                customer.BeginSeal(launch, reply);
            }

            await Drain();
        }

        // What has arrived is opened, or now and then refused; a question is answered from what was opened.
        private async Task Drain()
        {
            await customer.Status();
            while (agent.TryFrame(out var frame) && frame!.SealedMessage is { } message)
            {
                using var body = agent.Context!.Open(AgentEnd.From(message), out var header);
                var known = Opened.ContainsKey(header.HandOff);
                if (header.Type == MessageType.Seen)
                {
                    agent.Tell(known
                        ? agent.Report(MessageType.Acknowledged, header.HandOff, header.Attempt, HandOffState.Acknowledged)
                        : agent.Report(MessageType.Barred, header.HandOff, header.Attempt));
                }
                else if (Next(4) == 0)
                {
                    agent.Tell(agent.Report(MessageType.Refused, header.HandOff, header.Attempt, HandOffState.Refused, "test"));
                }
                else
                {
                    Opened[header.HandOff] = Opened.GetValueOrDefault(header.HandOff) + 1;
                    _open.Add(header);
                }
            }
        }

        private async Task<List<Wire.HandOff>> OpenInJournal() => [.. (await customer.World.Node.Zone.ListHandOffsAsync(
            new Wire.ListHandOffsRequest { Customer = customer.Name.Value, OpenOnly = true, Limit = 1000 }, default))
            .HandOffs.Where(h => h.State == HandOffState.Released)];

        private int Next(int below)
        {
            Span<byte> bytes = stackalloc byte[4];
            random.Fill(bytes);
            return (int)(BitConverter.ToUInt32(bytes) % (uint)below);
        }
    }
}
