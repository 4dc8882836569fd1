using System.Text;
using Broker.Console.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Tests.Commands;

public sealed class SessionSpecs
{
    [Fact]
    public async Task Whole_session_should_enrol_put_unlock_launch_and_lock()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var (console, customer) = (world.Console, world.Customer);
        Assert.Equal("unlocked", customer.State);

        File.WriteAllText(world.File("secret"), "top secret");
        await console.GoodAsync(
            "credential", "put", "web-password", "-c", "acme", "--kind", "password", "--policy", "web", "--file", world.File("secret"));
        Assert.Equal("top secret", Encoding.UTF8.GetString(customer.Opened!));

        customer.Restart();
        var first = await console.GoodAsync("customer", "unlock", "acme", "--custodian", "carol", "--share", world.Share("carol"));
        Assert.Contains("acme: unlocking", first, StringComparison.Ordinal);
        Assert.NotNull(customer.Share!.Witness);
        var second = await console.GoodAsync("customer", "unlock", "acme", "--custodian", "frank", "--share", world.Share("frank"));
        Assert.Contains("acme: unlocked", second, StringComparison.Ordinal);

        var launched = await console.GoodAsync(
            "launch", "-c", "acme", "--agent", "web-1", "--use", "start-web=web-password@3", "--output", "json");
        Assert.Contains("\"state\":\"acknowledged\"", launched, StringComparison.Ordinal);
        Assert.Equal(
            new LaunchItem(Name.Parse("web-password"), 3, Name.Parse("start-web")),
            Statement.Read<LaunchPayload>(customer.Signed!.Payload.Span).Items[0]);

        await console.GoodAsync("customer", "lock", "acme", "--reason", "test");
        Assert.Equal(1UL, customer.LockGeneration);
        await console.GoodAsync("customer", "lift", "acme");
        Assert.Equal(1UL, Statement.Read<LockPayload>(customer.Signed!.Payload.Span).Generation);
    }

    [Fact]
    public async Task Requests_should_be_signed_by_the_users_key_for_five_minutes()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var before = TestInstallation.Now;
        await world.Console.GoodAsync("--user", "bob", "policy", "put", "web", "-c", "acme", "--agent", "web-1", "--use", "hold");
        var (request, signed) = (world.Customer.Request!, world.Customer.Signed!);
        Assert.Equal(("put-policy", "bob", "acme"), (request.Action, request.User.Value, request.Customer.Value));
        Assert.InRange(request.NotAfter, before.AddMinutes(4), before.AddMinutes(6));
        var key = Broker.Console.Keys.KeyFiles.ReadPublic(world.Key("users/bob"));
        Assert.True(key.Verify(signed.Statement.Span, Assert.Single(signed.Signatures).Value.Span));
    }

    [Fact]
    public async Task Second_administrator_should_sign_the_same_bytes_elsewhere()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var console = world.Console;
        var calls = world.Broker.Calls.Count;
        await console.GoodAsync(
            "user", "put", "bob", "-c", "acme", "--role", "operator", "--key", world.Key("users/bob"), "--save-request", world.File("r1"));
        Assert.Equal(calls, world.Broker.Calls.Count);
        await console.GoodAsync("--user", "erin", "request", "sign", "--in", world.File("r1"), "--out", world.File("r2"));
        Assert.Contains("put user bob as operator", await console.GoodAsync("request", "show", world.File("r2")), StringComparison.Ordinal);
        await console.GoodAsync("request", "send", world.File("r2"));
        Assert.Equal(["alice", "erin"], world.Customer.Signed!.Signatures.Select(static s => s.User.Value));
        Assert.Contains("PUT /v1/customers/acme/users/bob", world.Broker.Calls);
        await console.BadAsync(2, "usage", "--user", "erin", "request", "sign", "--in", world.File("r2"), "--out", world.File("r3"));
    }

    [Fact]
    public async Task Altered_request_files_should_be_refused()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await world.Console.GoodAsync("credential", "delete", "x", "-c", "acme", "--save-request", world.File("r1"));
        var text = await File.ReadAllTextAsync(world.File("r1"));
        var other = Convert.ToBase64String(new NamePayload(Name.Parse("y")).Encode());
        await File.WriteAllTextAsync(
            world.File("r1"),
            text.Replace(Convert.ToBase64String(new NamePayload(Name.Parse("x")).Encode()), other, StringComparison.Ordinal));
        await world.Console.BadAsync(2, "usage", "request", "send", world.File("r1"));
    }

    [Fact]
    public async Task Co_signer_on_this_machine_should_sign_too()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await world.Console.GoodAsync("user", "remove", "bob", "-c", "acme", "--co-sign", "erin");
        Assert.Equal(["alice", "erin"], world.Customer.Signed!.Signatures.Select(static s => s.User.Value));
        await world.Console.BadAsync(2, "usage", "user", "remove", "bob", "-c", "acme", "--co-sign", "alice");
    }

    [Fact]
    public async Task Invited_user_should_pin_only_after_comparing()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await world.Console.GoodAsync("user", "invite", "bob", "-c", "acme", "--file", world.File("invitation"));
        var other = new Brokerctl(world.File("other"));
        await other.GoodAsync(
            "init", "--root", world.File("root.crt"), "--certificate", world.File("console.crt"), "--key", world.File("console.key"),
            "--gateway",
            world.Broker.Address);
        await other.GoodAsync("key", "new", "user", "--name", "bob");
        await other.GoodAsync("user", "accept", world.File("invitation"));
        await other.BadAsync(2, "usage", "--user", "bob", "credential", "delete", "x", "-c", "acme");
        Assert.Contains(
            world.Customer.Secret.Identity.Fingerprint.ToString(),
            await other.GoodAsync("user", "accept", world.File("invitation"), "--compared"), StringComparison.Ordinal);
        await other.GoodAsync("--user", "bob", "credential", "delete", "x", "-c", "acme");
    }

    [Fact]
    public async Task Profile_should_not_be_made_where_a_part_of_another_one_is()
    {
        await using var world = await TestWorld.StartAsync();
        var other = new Brokerctl(Directory.CreateDirectory(world.File("other")).FullName);
        string[] init = [
            "init", "--root", world.File("root.crt"), "--certificate", world.File("console.crt"), "--key", world.File("console.key"),
            "--gateway", world.Broker.Address,
        ];
        var root = Path.Combine(other.Profile, "root.crt");
        await File.WriteAllTextAsync(root, "of another installation");
        Assert.Contains("root.crt exists already", (await other.BadAsync(2, "usage", init)).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(other.Profile, "config")));
        await other.BadAsync(2, "usage", "health");
        File.Delete(root);
        await other.GoodAsync(init);
    }

    [Fact]
    public async Task Agent_token_should_hold_the_key_whose_public_half_was_sent()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var file = world.File("token");
        await world.Console.GoodAsync(
            "agent", "invite", "web-1", "-c", "acme", "--instance", "i-1", "--label", "web", "--token-file", file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using var text = Broker.Console.Shell.SecretInput.ReadPrivateFile(file);
        using var token = Secrets.EnrolmentToken.Parse(text);
        var payload = Statement.Read<InviteAgentPayload>(world.Customer.Signed!.Payload.Span);
        Assert.Equal(token.PublicKey, payload.Token);
        Assert.Equal(token.Terms.NotAfter, payload.NotAfter);
        Assert.Equal(world.Customer.Secret.Identity.Fingerprint, token.Terms.Identity);
        Assert.Equal(["127.0.0.1:7445"], token.Terms.Addresses);
        Assert.True(world.Customer.Request!.NotAfter >= payload.NotAfter.AddSeconds(-1));
        await world.Console.BadAsync(2, "usage", "agent", "invite", "web-1", "-c", "acme", "--instance", "i-1", "--token-file", file);
    }
}
