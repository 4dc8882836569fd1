using Broker.Console.Tests.Audit;
using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Tests.Commands;

public sealed class VersionSpecs
{
    private static readonly Name Key = Name.Parse("key");

    [Fact]
    public async Task Steps_of_a_version_should_be_signed_requests()
    {
        await using var world = await WithAsync(next: "pending");
        var console = world.Console;
        await File.WriteAllBytesAsync(world.File("secret"), [7]);
        await console.GoodAsync("credential", "put", "key", "-c", "acme", "--kind", "opaque", "--stage", "--file", world.File("secret"));
        Assert.Equal(("put-next-version", 8U, "web"), (
            world.Customer.Request!.Action, Payload<PutCredentialPayload>(world).Replaces,
            Payload<PutCredentialPayload>(world).Policy.Value));
        Assert.Equal([7], world.Customer.Opened!);
        Assert.Contains("POST /v1/customers/acme/credentials/key/versions", world.Broker.Calls);

        foreach (var (verb, action) in new[] { ("stage", "stage-version"), ("retire", "retire-version") })
        {
            await console.GoodAsync("credential", verb, "key", "-c", "acme");
            Assert.Equal((action, new VersionPayload(Key, 8)), (world.Customer.Request!.Action, Payload<VersionPayload>(world)));
            Assert.Contains($"POST /v1/customers/acme/credentials/key/{verb}", world.Broker.Calls);
        }

        await console.GoodAsync("credential", "delete-version", "key", "-c", "acme", "--version", "6");
        Assert.Equal(("delete-version", new VersionPayload(Key, 6)), (world.Customer.Request!.Action, Payload<VersionPayload>(world)));
    }

    [Fact]
    public async Task Promotion_should_name_both_versions_and_who_is_handed_it()
    {
        await using var world = await WithAsync(next: "staged");
        var output = await world.Console.GoodAsync("credential", "promote", "key", "-c", "acme");
        Assert.Contains("promote version 8 of credential key in place of 7;", output, StringComparison.Ordinal);
        var plain = Payload<PromotePayload>(world);
        Assert.Equal((8U, 7U, false), (plain.Version, plain.Replaces, plain.HandsOver));
        Assert.InRange(world.Customer.Request!.NotAfter, TestInstallation.Now.AddMinutes(4), TestInstallation.Now.AddMinutes(6));

        await world.Console.GoodAsync("credential", "promote", "key", "-c", "acme", "--hand-over", "--for", "30");
        Assert.True(Payload<PromotePayload>(world).AllHolders);
        Assert.InRange(world.Customer.Request!.NotAfter, TestInstallation.Now.AddMinutes(29), TestInstallation.Now.AddMinutes(31));

        await world.Console.GoodAsync(
            "credential", "promote", "key", "-c", "acme", "--version", "9", "--replaces", "8", "--hand-over-to", "web-1",
            "--hand-over-to", "web-2");
        var named = Payload<PromotePayload>(world);
        Assert.Equal((9U, 8U, false), (named.Version, named.Replaces, named.AllHolders));
        Assert.Equal(["web-1", "web-2"], named.Holders.Select(static h => h.Value));
        await world.Console.BadAsync(
            2, "usage", "credential", "promote", "key", "-c", "acme", "--hand-over", "--hand-over-to", "web-1");
    }

    [Fact]
    public async Task Show_should_tell_every_stage()
    {
        await using var world = await WithAsync(next: "staged");
        var text = await world.Console.GoodAsync("credential", "show", "key", "-c", "acme");
        Assert.Contains("v7     current", text, StringComparison.Ordinal);
        Assert.Contains("v8     staged", text, StringComparison.Ordinal);
        Assert.Contains("handing over v7 to all who hold an earlier version", text, StringComparison.Ordinal);
        Assert.Contains("v8 staged", await world.Console.GoodAsync("credential", "list", "-c", "acme"), StringComparison.Ordinal);
        var json = await world.Console.GoodAsync("credential", "show", "key", "-c", "acme", "--output", "json");
        Assert.Contains("\"stage\":\"staged\"", json, StringComparison.Ordinal);
        await world.Console.BadAsync(3, "unknown-credential", "credential", "show", "no-such", "-c", "acme");
    }

    [Fact]
    public async Task Launch_should_name_a_version_by_its_stage()
    {
        await using var world = await WithAsync(next: "staged");
        foreach (var (word, version) in new[] { ("staged", 8U), ("current", 0U), ("3", 3U) })
        {
            await world.Console.GoodAsync("launch", "-c", "acme", "--agent", "web-1", "--use", $"hold=key@{word}");
            Assert.Equal(new LaunchItem(Key, version, Name.Parse("hold")), Payload<LaunchPayload>(world).Items[0]);
        }

        foreach (var word in new[] { "retired", "0", "" })
            await world.Console.BadAsync(2, "usage", "launch", "-c", "acme", "--agent", "web-1", "--use", $"hold=key@{word}");
        world.Customer.Credentials[0] = Model("pending");
        await world.Console.BadAsync(
            3, "version-not-staged", "launch", "-c", "acme", "--agent", "web-1", "--use", "hold=key@staged");
        await world.Console.GoodAsync("credential", "stage", "key", "-c", "acme");
        world.Customer.Credentials[0] = Model(null);
        await world.Console.BadAsync(3, "unknown-version", "credential", "stage", "key", "-c", "acme");
    }

    [Fact]
    public void Trail_should_tell_the_steps()
    {
        using var story = new Story().AndVersions().Seal();
        Assert.Null(story.Verify().Report.Break);
        using var forged = new Story();
        forged.Blocks.Add(forged.Change(forged.Step(UserAction.StageVersion, 2, user: "olga")));
        Assert.Equal("request-role-forbids", forged.Seal().Verify().Report.Break?.Code);
    }

    [Fact]
    public void Trail_should_tell_a_hand_over_and_break_at_one_that_nobody_asked_for()
    {
        using var story = new Story().AndHandOver().Seal();
        Assert.Null(story.Verify().Report.Break);
        foreach (var (lie, code) in new (Func<Story, Story>, string)[]
        {
            (static s => s.AndHandOver(promoted: false), "hand-over-without-promotion"),
            (static s => s.AndHandOver(bend: static l => l with { Agent = Name.Parse("web-2") }), "hand-over-of-nothing"),
            (static s => s.AndHandOver(bend: static l => l with { Replaces = new Id16(Enumerable.Repeat((byte)1, 16).ToArray()) }),
                "hand-over-of-nothing"),
            (static s => s.AndHandOver(bend: static l => l with { Items = [l.Items[0] with { Version = 1 }] }), "body-malformed"),
            (static s => s.AndHandOver(id: static _ => default), "hand-off-of-another"),
        })
        {
            using var forged = lie(new Story()).Seal();
            Assert.Equal(code, forged.Verify().Report.Break?.Code);
        }
    }

    private static async Task<TestWorld> WithAsync(string next)
    {
        var world = await TestWorld.WithCustomerAsync();
        world.Customer.Credentials.Add(Model(next));
        return world;
    }

    private static CredentialModel Model(string? next)
    {
        var now = TestInstallation.Now;
        return new CredentialModel("key", "opaque", "web", 7, 1, now, "alice")
        {
            Latest = next is null ? 7U : 8,
            Versions =
            [
                new VersionModel(7, "current", 1, now, "alice", now, "bob"),
                .. next is null ? [] : (VersionModel[])[new VersionModel(8, next, 1, now, "alice", now, "alice")],
            ],
            HandOver = new HandOverModel(7, [], "bob", now.AddHours(1)),
        };
    }

    private static T Payload<T>(TestWorld world)
        where T : IStatement<T> => Statement.Read<T>(world.Customer.Signed!.Payload.Span);
}
