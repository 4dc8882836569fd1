using System.IO.Pipes;
using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Microsoft.Win32.SafeHandles;

namespace Broker.Console.Tests.Commands;

public sealed class PutSpecs
{
    private static readonly string[] Put = ["credential", "put", "key", "-c", "acme", "--kind", "opaque"];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(CredentialKinds.MaxLength)]
    public async Task Every_length_should_arrive_from_a_pipe_and_from_a_file(int length)
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var bytes = Pattern(length);
        await File.WriteAllBytesAsync(world.File("secret"), bytes);
        await world.Console.GoodAsync([.. Put, "--file", world.File("secret")]);
        Assert.Equal(bytes, world.Customer.Opened);
        await using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        // An end of its own: the server closes the one that it made when it is closed itself.
        using var end = File.OpenHandle("/proc/self/fd/" + pipe.GetClientHandleAsString());
        world.Console.Input = () => new SafeFileHandle(end.DangerousGetHandle(), ownsHandle: false);
        var writing = Task.Run(() =>
        {
            pipe.Write(bytes);
            pipe.Dispose();
        });
        await world.Console.GoodAsync([.. Put, "--replaces", "4", "--policy", "web"]);
        await writing;
        Assert.Equal(bytes, world.Customer.Opened);
    }

    [Fact]
    public async Task One_byte_too_many_should_be_refused_before_anything_is_sent()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await File.WriteAllBytesAsync(world.File("secret"), Pattern(CredentialKinds.MaxLength + 1));
        var calls = world.Broker.Calls.Count;
        await world.Console.BadAsync(2, "usage", [.. Put, "--file", world.File("secret")]);
        Assert.Equal(calls, world.Broker.Calls.Count);
    }

    [Fact]
    public async Task Terminal_should_not_be_read()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        world.Console.InputIsTerminal = true;
        await world.Console.BadAsync(2, "usage", Put);
    }

    [Fact]
    public async Task Next_version_and_policy_should_be_looked_up()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        world.Customer.Credentials.Add(new CredentialModel("key", "opaque", "web", 7, 1, TestInstallation.Now, "alice"));
        await File.WriteAllBytesAsync(world.File("secret"), [1]);
        await world.Console.GoodAsync([.. Put, "--file", world.File("secret")]);
        var payload = Protocol.Statements.Statement.Read<Protocol.Requests.PutCredentialPayload>(world.Customer.Signed!.Payload.Span);
        Assert.Equal((7U, "web"), (payload.Replaces, payload.Policy.Value));
    }

    [Fact]
    public async Task Custody_record_of_another_identity_should_be_refused_before_anything_is_sealed()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await File.WriteAllBytesAsync(world.File("secret"), [1]);
        using var other = CustomerSecret.Create(world.Installation.Cluster, Name.Parse("acme"), 1, SystemRandom.Fill);
        var forged = other.Sign(world.Customer.Custody with { Identity = other.Identity, Intake = other.Intake });
        var intakeOnly = other.Sign(world.Customer.Custody with { Intake = other.Intake });
        foreach (var (signed, code) in new[] { (forged, "identity-not-pinned"), (intakeOnly, "custody-forged") })
        {
            world.Broker.Hook = async (context, _) =>
            {
                if (context.Request.Path != "/v1/customers/acme")
                    return false;
                await TestBroker.WriteAsync(
                    context, world.Customer.Model() with { Custody = SignedModel.From(signed) }, ApiJson.Default.CustomerModel);
                return true;
            };
            await world.Console.BadAsync(7, code, [.. Put, "--file", world.File("secret")]);
        }

        Assert.DoesNotContain("PUT /v1/customers/acme/credentials/key", world.Broker.Calls);
    }

    [Fact]
    public async Task Head_that_is_behind_or_forged_should_be_told()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await File.WriteAllBytesAsync(world.File("secret"), [1]);
        string[] put = [.. Put, "--file", world.File("secret")];
        await world.Console.GoodAsync(put);
        await world.Console.GoodAsync(put);
        var counter = world.Customer.Head!.Counter;
        world.Customer.Head = world.Customer.Head with { Counter = counter - 2 };
        await world.Console.BadAsync(7, "head-rolled-back", put);
        world.Broker.Hook = async (context, _) =>
        {
            if (context.Request.Method != "PUT")
                return false;
            var head = world.Customer.Advance();
            await TestBroker.WriteAsync(context, new ChangedModel(1, head with { Signature = new byte[64] }), ApiJson.Default.ChangedModel);
            return true;
        };
        await world.Console.BadAsync(7, "head-forged", put);
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(static i => (byte)(i * 31 % 251))];
}
