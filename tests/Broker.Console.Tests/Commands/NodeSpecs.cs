using System.Text.Json;
using Broker.Console.Keys;
using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Console.Tests.Commands;

public sealed class NodeSpecs
{
    private static readonly string Binary = Digest.Zero.ToString();

    [Fact]
    public async Task Two_people_should_sign_one_after_the_other_for_the_start_that_answers()
    {
        await using var world = await TestWorld.StartAsync();
        var file = world.File("admission.json");

        await world.Console.GoodAsync("node", "vouch", "--binary", Binary, "--file", file, "--user", "alice");
        Assert.Contains(
            "2 of 2 signatures",
            await world.Console.GoodAsync("node", "vouch", "--binary", Binary, "--file", file, "--user", "erin"), StringComparison.Ordinal);

        var admission = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(file), ApiJson.Default.AdmitNodeModel)!;
        var statement = Statement.Read<NodeAdmission>(admission.Statement);
        Assert.Equal(("dmz-1", world.Customer.IncarnationKey.Fingerprint), (statement.Node.Value, statement.Incarnation));
        Assert.Equal(["alice", "erin"], admission.Signatures.Select(static s => s.User));
        Assert.All(admission.Signatures, s => Assert.True(
            KeyFiles.ReadPublic(world.File($"profile/users/{s.User}.pub")).Verify(admission.Statement, s.Signature)));
    }

    [Fact]
    public async Task One_person_should_not_sign_twice()
    {
        await using var world = await TestWorld.StartAsync();
        var file = world.File("admission.json");
        await world.Console.GoodAsync("node", "vouch", "--binary", Binary, "--file", file);

        await world.Console.BadAsync(2, "usage", "node", "vouch", "--binary", Binary, "--file", file);
    }

    [Fact]
    public async Task Another_binary_than_expected_should_not_be_vouched_for()
    {
        await using var world = await TestWorld.StartAsync();
        var file = world.File("admission.json");

        await world.Console.BadAsync(
            7, "admission-wrong-binary", "node", "vouch", "--binary", Digest.Of("mine"u8).ToString(), "--file", file);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_file_for_another_start_should_not_be_added_to()
    {
        await using var world = await TestWorld.StartAsync();
        var file = world.File("admission.json");
        var other = new NodeAdmission(
            world.Installation.Cluster, Name.Parse("dmz-1"), Digest.Of([1]), Digest.Zero, TestInstallation.Now.AddMinutes(30));
        await File.WriteAllBytesAsync(
            file, JsonSerializer.SerializeToUtf8Bytes(new AdmitNodeModel(other.Encode(), []), ApiJson.Default.AdmitNodeModel));

        await world.Console.BadAsync(7, "admission-of-another", "node", "vouch", "--binary", Binary, "--file", file);
    }

    [Theory]
    [InlineData("""{"held":["acme"],"notHeld":[]}""", 0, "")]
    [InlineData("""{"held":[],"notHeld":[{"customer":"acme","code":"admission-too-few"}]}""", 1, "admission-too-few")]
    public async Task An_admission_should_be_sent_and_its_end_be_told(string answer, int exit, string code)
    {
        await using var world = await TestWorld.StartAsync();
        var file = world.File("admission.json");
        await world.Console.GoodAsync("node", "vouch", "--binary", Binary, "--file", file);
        byte[]? sent = null;
        world.Broker.Hook = async (context, body) =>
        {
            if (context.Request.Path != "/v1/node/admission")
                return false;
            sent = body;
            await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer));
            return true;
        };

        if (exit == 0)
            Assert.Contains("held", await world.Console.GoodAsync("node", "admit", "--file", file), StringComparison.Ordinal);
        else
            await world.Console.BadAsync(exit, code, "node", "admit", "--file", file);
        Assert.Equal(await File.ReadAllBytesAsync(file), sent);
    }

    [Fact]
    public async Task Who_the_node_is_should_be_verified_and_shown()
    {
        await using var world = await TestWorld.StartAsync();

        Assert.Contains(
            world.Customer.IncarnationKey.Fingerprint.ToString(), await world.Console.GoodAsync("node", "show"), StringComparison.Ordinal);
    }
}
