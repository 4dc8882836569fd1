using Broker.Agent.Session;
using Broker.Agent.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;

namespace Broker.Agent.Tests.Session;

/// <summary>An envelope that comes in the place of one that the agent has in use.</summary>
[Collection(SecretsCollection.Name)]
public sealed class ReplaceSpecs
{
    [Fact]
    public async Task Later_version_should_take_the_place_of_the_earlier_one()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("db", "keep", "first")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Send(Replacing(owner, 2, 1, ("db", "keep", "second")));
        Assert.Equal(UseWorld.HandOff(2), (await owner.Expect(MessageType.Acknowledged, "")).HandOff);
        Assert.Equal(UseWorld.HandOff(1), (await owner.Expect(MessageType.UseEnded, "replaced")).HandOff);

        // The place is the same one: of two, one is free.
        await owner.Send(owner.Seal(3, 1, ("db", "keep", "other")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Send(owner.Seal(4, 1, ("db", "keep", "too many")));
        await owner.Expect(MessageType.Refused, RefusalCode.UseBusy);
        await owner.Send(Replacing(owner, 5, 2, ("db", "keep", "third")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Expect(MessageType.UseEnded, "replaced");
        await owner.Send(owner.Seal(owner.Header(MessageType.EndUse, 5)));
        Assert.Equal((HandOffState.Used, UseWorld.HandOff(5)), await Ended(owner));
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "never seen", RefusalCode.NotHeld },
        { "another credential", RefusalCode.NotHeld },
        { "another use", RefusalCode.NotHeld },
        { "a further credential", RefusalCode.NotHeld },
        { "ended", RefusalCode.NotHeld },
        { "refused", RefusalCode.NotHeld },
        { "itself", RefusalCode.NotHeld },
        { "kept", RefusalCode.UseKeeps },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_is_not_in_use_here_should_not_be_replaced(string kind, string code)
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("db", "keep", "first")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Send(owner.Seal(2, 1, ("cert", "serve", "CERT"), ("key", "serve", "KEY")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Send(owner.Seal(3, 1, ("db", "other", "refused")));
        await owner.Expect(MessageType.Refused, RefusalCode.UnknownUse);
        if (kind == "ended")
        {
            await owner.Send(owner.Seal(owner.Header(MessageType.EndUse, 1)));
            await owner.Expect(MessageType.UseEnded, "released");
        }

        await owner.Send(kind switch
        {
            "never seen" => Replacing(owner, 9, 8, ("db", "keep", "second")),
            "another credential" => Replacing(owner, 9, 1, ("db2", "keep", "second")),
            "another use" => Replacing(owner, 9, 1, ("db", "print", "second")),
            "a further credential" => Replacing(owner, 9, 1, ("db", "keep", "second"), ("db2", "keep", "more")),
            "refused" => Replacing(owner, 9, 3, ("db", "keep", "second")),
            "itself" => Replacing(owner, 9, 9, ("db", "keep", "second")),
            "kept" => Replacing(owner, 9, 2, ("cert", "serve", "CERT2"), ("key", "serve", "KEY2")),
            _ => Replacing(owner, 9, 1, ("db", "keep", "second")),
        });
        Assert.Equal(UseWorld.HandOff(9), (await owner.Expect(MessageType.Refused, code)).HandOff);
        Assert.Equal("", world.Read("printed"));
    }

    private static Protocol.Wire.Agent.Frame Replacing(
        ScriptedOwner owner, byte handOff, byte replaces, params (string Credential, string Use, string Content)[] items) => owner.Seal(
            owner.Envelope(handOff, 1, items) with { Replaces = UseWorld.HandOff(replaces) },
            string.Concat(items.Select(static i => i.Content)));

    private static async Task<(string State, Id16 HandOff)> Ended(ScriptedOwner owner)
    {
        var (_, state, _, header) = await owner.Report();
        return (state, header.HandOff);
    }
}
