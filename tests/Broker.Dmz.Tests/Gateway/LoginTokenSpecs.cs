using System.Buffers.Text;
using Broker.Dmz.Customers;
using Broker.Dmz.Gateway;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Gateway;

/// <summary>A token is a login that its user signed, and nothing else that anybody signed is a token.</summary>
public sealed class LoginTokenSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task What_is_no_login_of_a_user_of_this_customer_should_read_nothing()
    {
        await using var served = await OtherNode.StartAsync(world, "dmz-2");
        var customer = await world.Enrolled();
        var other = await world.Enrolled();
        var good = customer.Request(UserAction.Login, new LoginPayload());
        var day = TimeSpan.FromDays(1);
        var attacks = new Dictionary<string, string?>
        {
            ["nothing"] = null,
            ["an empty one"] = "Bearer ",
            ["no scheme"] = Token(good),
            ["another scheme"] = $"Basic {Token(good)}",
            ["no base64"] = "Bearer %%%",
            ["no request"] = $"Bearer {Base64Url.EncodeToString([1, 2, 3])}",
            ["one cut short"] = $"Bearer {Token(good)[..^4]}",
            ["one with more behind it"] = $"Bearer {Token(good)}AAAA",
            ["a signature bent"] = Bearer(good with
            {
                Signatures = [new UserSignature(good.Signatures[0].User, new SignerKey().Sign(good.Statement.Span))],
            }),
            ["another user's name"] = Bearer(good with { Signatures = [good.Signatures[0] with { User = Name.Parse("bob") }] }),
            ["no signature"] = Bearer(good with { Signatures = [] }),
            ["a user that there is not"] = Bearer(customer.Request(
                UserAction.Login, new LoginPayload(), bend: static r => r with { User = Name.Parse("mallory") })),
            ["another customer's"] = Bearer(other.Request(UserAction.Login, new LoginPayload())),
            ["another cluster's"] = Bearer(customer.Request(
                UserAction.Login, new LoginPayload(), bend: static r => r with { Cluster = Name.Parse("elsewhere") })),
            ["a request for something else"] = Bearer(customer.Request(UserAction.Lock, new LockPayload(0, "drill"))),
            ["one that is over"] = Bearer(customer.Request(
                UserAction.Login, new LoginPayload(), bend: r => r with { NotAfter = world.Time.GetUtcNow() - day })),
            ["one for a day"] = Bearer(customer.Request(
                UserAction.Login, new LoginPayload(), bend: r => r with { NotAfter = world.Time.GetUtcNow() + day })),
            ["a payload that is not the signed one"] = Bearer(good with { Payload = new LockPayload(0, "drill").Encode() }),
            ["a large one"] = $"Bearer {new string('A', 10_000)}",
        };

        foreach (var (what, header) in attacks)
        {
            var found = await served.Gateway.Tokens.Find(header, Verify(served, customer));
            Assert.True(found is null, what);
        }

        Assert.Equal("alice", (await served.Gateway.Tokens.Find(Bearer(good), Verify(served, customer)))?.User.Value);
    }

    [Fact]
    public async Task A_token_should_end_with_its_login_and_be_verified_once_a_node()
    {
        await using var served = await OtherNode.StartAsync(world, "dmz-2");
        var customer = await world.Enrolled();
        var tokens = new LoginTokens(world.Time);
        var login = Bearer(customer.Request(UserAction.Login, new LoginPayload()));
        var verified = 0;
        Task<Result<Login>> Count(Name name, SignedRequest signed)
        {
            verified++;
            return served.Gateway.LogIn(name, signed, default);
        }

        Assert.NotNull(await tokens.Find(login, Count));
        Assert.NotNull(await tokens.Find(login, Count));
        Assert.Equal(1, verified);
        world.Time.Advance(TimeSpan.FromMinutes(15));
        Assert.Null(await tokens.Find(login, Count));
    }

    [Fact]
    public async Task A_login_that_is_over_should_ask_nobody_and_leave_no_record()
    {
        await using var served = await OtherNode.StartAsync(world, "dmz-2");
        var customer = await world.Enrolled();
        var asked = 0;

        // Over for less than clocks may differ: the signature of one that is sent anew would still count.
        var found = await new LoginTokens(world.Time).Find(
            Bearer(customer.Request(
                UserAction.Login, new LoginPayload(), bend: r => r with { NotAfter = world.Time.GetUtcNow() - TimeSpan.FromSeconds(1) })),
            (name, signed) =>
            {
                asked++;
                return served.Gateway.LogIn(name, signed, default);
            });

        Assert.Equal((null, 0), (found, asked));
    }

    [Fact]
    public async Task Logins_beyond_the_bound_should_count_all_the_same()
    {
        await using var served = await OtherNode.StartAsync(world, "dmz-2");
        var customer = await world.Enrolled();
        var tokens = new LoginTokens(world.Time, capacity: 2);

        for (var i = 0; i < 5; i++)
        {
            Assert.NotNull(await tokens.Find(
                Bearer(customer.Request(UserAction.Login, new LoginPayload())), Verify(served, customer)));
        }

        Assert.Equal(2, tokens.Count);
    }

    private static Func<Name, SignedRequest, Task<Result<Login>>> Verify(OtherNode node, TestCustomer customer) =>
        (name, signed) => name == customer.Name
            ? node.Gateway.LogIn(name, signed, default)
            : Task.FromResult<Result<Login>>(new Refused(Codes.TokenNeeded, ""));

    private static string Token(SignedRequest signed) => Base64Url.EncodeToString(signed.Encode());

    private static string Bearer(SignedRequest signed) => $"Bearer {Token(signed)}";
}
