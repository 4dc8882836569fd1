using Broker.Agent.State;
using Broker.Agent.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Agent.Tests.Fuzzing;

/// <summary>The agent's own files, damaged: read, or refused with what to do next; never half believed, no secret kept or told.</summary>
[Collection(SecretsCollection.Name)]
public sealed class StateFuzzSpecs
{
    private const int Attempts = 400;

    [Theory]
    [InlineData("grant")]
    [InlineData("agent.key")]
    [InlineData("agent.crt")]
    [InlineData("root.crt")]
    public async Task Damaged_enrolment_should_be_refused(string file)
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var state = world.State;
        var now = TimeProvider.System.GetUtcNow();
        Each(state, file, () =>
        {
            using var enrolled = Enrolled.Load(state, AgentWorld.Boot, now);
            Assert.Equal(world.AgentKey, enrolled.Grant.Key);
            Assert.Equal(world.Installation.Secret.Identity, enrolled.Identity);
        });
    }

    [Fact]
    public async Task Damaged_witness_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        Witness.Load(world.State).SetSession(3, 7);
        Each(world.State, "witness", () => Witness.Load(world.State));
    }

    [Fact]
    public async Task Damaged_journal_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        using (var journal = HandOffJournal.Load(world.State, TimeProvider.System, 100))
        {
            for (byte i = 0; i < 5; i++)
                journal.Write(new JournalEntry(new Id16([.. Enumerable.Repeat(i, 16)]), 1, Digest.Of([i]), HandOffRecord.Used, "exit-0",
                    TimeProvider.System.GetUtcNow(), true));
        }

        Each(world.State, "journal", () => HandOffJournal.Load(world.State, TimeProvider.System, 100).Dispose());
    }

    private static void Each(StateDirectory state, string file, Action load)
    {
        var valid = state.Read(file)!;
        load();
        var refused = 0;
        Fuzz.Each(Attempts, random =>
        {
            state.Write(file, Damage.Of(valid, random));
            var live = SecretMemory.Default.LiveBytes;
            try
            {
                load();
            }
            catch (AgentException e)
            {
                refused++;
                Assert.Matches("^[a-z-]{1,40}$", e.Code);
            }

            Assert.InRange(SecretMemory.Default.LiveBytes, 0, live);
        });
        Assert.InRange(refused, 10, int.MaxValue);
    }
}
