using Broker.Agent.Session;
using Broker.Agent.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Secrets;
using Google.Protobuf;

namespace Broker.Agent.Tests.Session;

[Collection(SecretsCollection.Name)]
public sealed class HandOffSpecs
{
    [Fact]
    public async Task Envelope_should_be_opened_acknowledged_used_and_reported()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();

        await owner.Send(owner.Seal(1, 1, ("password", "print", "pass-word")));

        var acknowledged = await owner.Expect(MessageType.Acknowledged, "");
        Assert.Equal((UseWorld.HandOff(1), 1u, Digest.Of([1])), (acknowledged.HandOff, acknowledged.Attempt, acknowledged.Request));
        var (type, state, code, _) = await owner.Report();
        Assert.Equal((MessageType.UseEnded, HandOffState.Used, "exit-0"), (type, state, code));
        Assert.Equal("pass-word", world.Read("printed"));
    }

    [Fact]
    public async Task Several_credentials_should_reach_one_process_and_other_uses_in_one_envelope()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();

        await owner.Send(
            owner.Seal(1, 1, ("cert", "serve", "CERT"), ("backup", "keep", "BACKUP"), ("key", "serve", "KEY"), ("word", "print", "WORD")));
        await owner.Expect(MessageType.Acknowledged, "");
        await Eventually.True(() => world.Read("served") == "KEYCERT" && world.Read("printed") == "WORD");

        await owner.Send(owner.Seal(owner.Header(MessageType.EndUse, 1)));
        Assert.Equal(HandOffState.Used, (await owner.Report()).State);
    }

    [Fact]
    public async Task Duplicate_should_be_answered_with_the_record_and_not_used_again()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var frame = owner.Seal(1, 1, ("password", "print", "once"));

        await owner.Send(frame);
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Expect(MessageType.UseEnded, "exit-0");
        await owner.Send(frame);
        await owner.Expect(MessageType.Acknowledged, "");
        // Sealed anew, it is another message of the same attempt.
        await owner.Send(owner.Seal(1, 1, ("password", "print", "once")));
        await owner.Expect(MessageType.Acknowledged, "");

        Assert.Equal("once", world.Read("printed"));
    }

    [Fact]
    public async Task Another_attempt_of_an_opened_hand_off_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("password", "keep", "once")));
        await owner.Expect(MessageType.Acknowledged, "");

        await owner.Send(owner.Seal(1, 2, ("password", "print", "twice")));

        await owner.Expect(MessageType.Refused, RefusalCode.HandOffSeen);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "unknown-use", RefusalCode.UnknownUse },
        { "missing-file", RefusalCode.CredentialsDoNotFit },
        { "too-many-on-stdin", RefusalCode.CredentialsDoNotFit },
        { "twice-the-same", RefusalCode.CredentialsDoNotFit },
        { "no-items", RefusalCode.EnvelopeMalformed },
        { "lengths", RefusalCode.EnvelopeMalformed },
        { "over-a-mebibyte", RefusalCode.EnvelopeMalformed },
        { "expired", RefusalCode.Expired },
        { "customer", RefusalCode.WrongCustomer },
        { "fence", RefusalCode.FenceStale },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Envelope_should_be_refused_unopened_and_stay_refused(string kind, string code)
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var good = owner.Envelope(1, 1, ("a", "print", "abc"));
        var (header, body) = kind switch
        {
            "unknown-use" => (owner.Envelope(1, 1, ("a", "other", "abc")), "abc"),
            "missing-file" => (owner.Envelope(1, 1, ("key", "serve", "abc")), "abc"),
            "too-many-on-stdin" => (owner.Envelope(1, 1, ("a", "print", "abc"), ("b", "print", "d")), "abcd"),
            "twice-the-same" => (owner.Envelope(1, 1, ("a", "keep", "abc"), ("a", "keep", "d")), "abcd"),
            "no-items" => (owner.Envelope(1, 1), ""),
            "lengths" => (good, "abcd"),
            "over-a-mebibyte" => (owner.Envelope(1, 1, ("a", "print", new string('a', (1 << 20) + 1))), new string('a', (1 << 20) + 1)),
            "expired" => (good with { NotAfter = Installation.Now.AddMinutes(-3) }, "abc"),
            "customer" => (good with { Customer = Name.Parse("other") }, "abc"),
            _ => (good with { Fence = owner.Fence - 1 }, "abc"),
        };

        await owner.Send(owner.Seal(header, body));
        await owner.Expect(MessageType.Refused, code);
        await owner.Send(owner.Seal(1, 1, ("a", "print", "abc")));
        await owner.Expect(MessageType.Refused, code);

        Assert.Equal("", world.Read("printed"));
    }

    [Fact]
    public async Task Full_use_should_be_refused_until_a_place_is_free()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        for (byte handOff = 1; handOff <= 3; handOff++)
        {
            await owner.Send(owner.Seal(handOff, 1, ("a", "keep", "abc")));
            await owner.Expect(handOff < 3 ? MessageType.Acknowledged : MessageType.Refused, handOff < 3 ? "" : RefusalCode.UseBusy);
        }

        await owner.Send(owner.Seal(owner.Header(MessageType.EndUse, 1)));
        await owner.Expect(MessageType.UseEnded, "released");
        await owner.Send(owner.Seal(4, 1, ("a", "keep", "abc")));
        await owner.Expect(MessageType.Acknowledged, "");
    }

    [Theory]
    [InlineData("ciphertext", SessionFailure.Altered)]
    [InlineData("random", SessionFailure.WrongKey)]
    public async Task Altered_envelope_should_be_refused_and_the_genuine_one_not_opened_after_it(string part, string code)
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var genuine = owner.Seal(1, 1, ("a", "print", "abc"));
        var altered = genuine.Clone();
        var bytes = (part == "random" ? altered.SealedMessage.Random : altered.SealedMessage.Ciphertext).ToByteArray();
        bytes[0] ^= 1;
        if (part == "random")
            altered.SealedMessage.Random = ByteString.CopyFrom(bytes);
        else
            altered.SealedMessage.Ciphertext = ByteString.CopyFrom(bytes);

        await owner.Send(altered);
        await owner.Expect(MessageType.Refused, code);
        await owner.Send(genuine);
        await owner.Expect(MessageType.Refused, code);

        Assert.Equal("", world.Read("printed"));
    }

    [Fact]
    public async Task Unseen_hand_off_should_be_barred_and_only_a_later_attempt_opened()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();

        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 1)));
        Assert.Equal(MessageType.Barred, (await owner.Report()).Type);
        await owner.Send(owner.Seal(1, 1, ("a", "print", "first")));
        Assert.Equal(MessageType.Barred, (await owner.Report()).Type);
        await owner.Send(owner.Seal(1, 2, ("a", "print", "second")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Expect(MessageType.UseEnded, "exit-0");

        Assert.Equal("second", world.Read("printed"));
    }

    [Fact]
    public async Task Seen_hand_off_should_be_answered_with_its_record_and_its_end()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("a", "print", "abc")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Expect(MessageType.UseEnded, "exit-0");
        await owner.Send(owner.Seal(2, 1, ("a", "nothing", "abc")));
        await owner.Expect(MessageType.Refused, RefusalCode.UnknownUse);

        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 1)));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Expect(MessageType.UseEnded, "exit-0");
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 2)));
        await owner.Expect(MessageType.Refused, RefusalCode.UnknownUse);
    }

    [SkippableFact]
    public async Task Largest_envelope_should_be_opened()
    {
        Skip.If(SecretMemory.Default.Capacity < TestAssembly.Capacity, "this account may not lock enough memory");
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var quarter = new string('x', 1 << 20);
        var items = Enumerable.Range(0, 4).Select(i => ($"c{i}", "keep", quarter)).ToArray();

        await owner.Send(owner.Seal(1, 1, items));
        await owner.Expect(MessageType.Acknowledged, "");
    }

    [SkippableFact]
    public async Task Envelope_should_be_refused_as_busy_while_locked_memory_is_full()
    {
        Skip.If(SecretMemory.Default.Capacity < TestAssembly.Capacity, "this account may not lock enough memory");
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var frame = owner.Seal(1, 1, ("a", "keep", new string('x', 1 << 20)));
        var taken = new List<SecretBuffer>();
        try
        {
            while (true)
                taken.Add(SecretBuffer.Allocate(1 << 20));
        }
        catch (SecretMemoryExhaustedException)
        {
            await owner.Send(frame);
            await owner.Expect(MessageType.Refused, RefusalCode.Busy);
        }
        finally
        {
            taken.ForEach(static t => t.Dispose());
        }

        await owner.Send(frame);
        await owner.Expect(MessageType.Refused, RefusalCode.Busy);
    }

    [Fact]
    public async Task Agent_with_an_expired_grant_should_receive_nothing_before_it_is_renewed()
    {
        await using var world = await AgentWorld.StartAsync(
            static g => g with { NotBefore = g.NotBefore.AddHours(-25), NotAfter = g.NotAfter.AddHours(-25) });
        var owner = await world.Connect();
        Assert.Equal(MessageType.Renew, (await owner.Report()).Type);

        await owner.Send(owner.Seal(1, 1, ("a", "print", "abc")));

        await owner.Expect(MessageType.Refused, RefusalCode.GrantExpired);
    }
}
