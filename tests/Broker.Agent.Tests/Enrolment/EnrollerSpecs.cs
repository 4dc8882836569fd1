using Broker.Agent.Enrolment;
using Broker.Agent.State;
using Broker.Agent.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Broker.Agent.Tests.Enrolment;

[Collection(SecretsCollection.Name)]
public sealed class EnrollerSpecs : IDisposable
{
    private static readonly Id16 Boot = BootId.Read();

    private readonly Installation _installation = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly StateDirectory _state;
    private int _asked;

    public EnrollerSpecs()
    {
        File.SetUnixFileMode(_directory.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _state = StateDirectory.Open(_directory.Path, allowDisk: false);
    }

    public void Dispose()
    {
        _installation.Dispose();
        _directory.Dispose();
    }

    private EnrolmentToken Token(DmzServer server, Func<EnrolmentTerms, EnrolmentTerms>? change = null)
    {
        var terms = new EnrolmentTerms(
            Installation.Cluster, Installation.Customer, Installation.Agent, "i-1", [server.Address.Authority],
            _installation.Trust.Fingerprint,
            _installation.Secret.Identity.Fingerprint, Installation.Now.AddMinutes(15));
        return EnrolmentToken.Create(change?.Invoke(terms) ?? terms, SystemRandom.Fill);
    }

    private Task<Grant> Enrol(EnrolmentToken token) =>
        new Enroller(_state, TimeProvider.System, Boot, SystemRandom.Fill)
        {
            ConnectTimeout = Patience.Limit,
            AnswerTimeout = Patience.Limit,
        }.EnrolAsync(token, () => _asked++, CancellationToken.None);

    private Task<DmzServer> Serve(Func<EnrolRequest, AgentRequest, EnrolReply> answer, InstallationKey? key = null) =>
        DmzServer.ForEnrolmentAsync(key ?? _installation.Dmz, app =>
        {
            app.MapRoot(_installation.Trust);
            app.MapPost("/v1/enrol", async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                var request = EnrolRequest.Parser.ParseFrom(body.ToArray());
                var asked = Statement.Read<AgentRequest>(request.Statement.Span);
                await context.Response.Body.WriteAsync(answer(request, asked).ToByteArray());
            });
        });

    private EnrolReply Reply(AgentRequest asked, Func<Grant, Grant>? change = null, CustomerSecret? signer = null, string agent = "web-1")
    {
        var grant = _installation.Grant(asked.Key, asked.Boot);
        var signed = (signer ?? _installation.Secret).Sign(change?.Invoke(grant) ?? grant);
        var reply = new EnrolReply
        {
            Grant = ByteString.CopyFrom(signed.Statement.Span),
            GrantSignature = ByteString.CopyFrom(signed.Signature.Span),
            Identity = ByteString.CopyFrom(_installation.Secret.Identity.Bytes.Span),
        };
        reply.Certificates.AddRange(_installation.Certificates(asked.Key, agent).Select(static c => ByteString.CopyFrom(c)));
        return reply;
    }

    [Fact]
    public async Task Token_should_yield_a_grant_a_certificate_and_a_key_on_tmpfs()
    {
        EnrolRequest? request = null;
        await using var server = await Serve((r, asked) =>
        {
            request = r;
            return Reply(asked);
        });
        using var token = Token(server);

        var grant = await Enrol(token);

        var asked = Statement.Read<AgentRequest>(request!.Statement.Span);
        Assert.Equal(
            (Installation.Cluster, Installation.Customer, Installation.Agent, "i-1", Boot),
            (asked.Cluster, asked.Customer, asked.Agent, asked.Instance, asked.Boot));
        Assert.True(token.PublicKey.Verify(request.Statement.Span, request.TokenSignature.Span));
        Assert.True(asked.Key.Verify(request.Statement.Span, request.AgentSignature.Span));
        Assert.Equal(token.PublicKey, asked.Token);
        using var enrolled = Enrolled.Load(_state, Boot, Installation.Now);
        Assert.Equal(grant.Encode(), enrolled.Grant.Encode());
        Assert.Equal(asked.Key, PublicKey.Parse(enrolled.Key.PublicKey));
        Assert.Equal("agent/acme/web-1", enrolled.Link.Identity.Path);
        Assert.Equal(1, _asked);
        Assert.Equal("already-enrolled", (await Assert.ThrowsAsync<AgentException>(() => Enrol(token))).Code);
    }

    [Fact]
    public async Task Address_that_is_not_there_should_be_passed_over()
    {
        await using var server = await Serve((_, asked) => Reply(asked));
        using var token = Token(server, t => t with { Addresses = ["127.0.0.1:1", .. t.Addresses] });

        await Enrol(token);

        Assert.True(Enrolled.Exists(_state));
    }

    public static TheoryData<string, string> BadReplies => new()
    {
        { "identity", "wrong-identity" },
        { "signature", "grant-bad-signature" },
        { "agent", "grant-of-another" },
        { "customer", "grant-of-another" },
        { "key", "grant-of-another" },
        { "boot", "grant-of-another" },
        { "malformed", "grant-malformed" },
        { "certificate", "certificate-of-another" },
        { "no-certificate", "state-damaged" },
    };

    [Theory]
    [MemberData(nameof(BadReplies))]
    public async Task Reply_should_be_refused_and_nothing_kept(string what, string code)
    {
        using var other = CustomerSecret.Create(Installation.Cluster, Installation.Customer, 1, SystemRandom.Fill);
        await using var server = await Serve((_, asked) =>
        {
            var reply = what switch
            {
                "signature" => Reply(asked, signer: other),
                "agent" => Reply(asked, static g => g with { Agent = Name.Parse("other") }),
                "customer" => Reply(asked, static g => g with { Customer = Name.Parse("other") }),
                "key" => Reply(asked, g => g with { Key = other.Identity }),
                "boot" => Reply(asked, static g => g with { Boot = default }),
                "certificate" => Reply(asked, agent: "other"),
                _ => Reply(asked),
            };
            if (what == "identity")
                reply.Identity = ByteString.CopyFrom(other.Identity.Bytes.Span);
            if (what == "malformed")
                reply.Grant = ByteString.CopyFromUtf8("grant");
            if (what == "no-certificate")
                reply.Certificates.Clear();
            return reply;
        });
        using var token = Token(server);

        var error = await Assert.ThrowsAsync<AgentException>(() => Enrol(token));

        Assert.Equal(code, error.Code);
        Assert.False(Enrolled.Exists(_state));
        Assert.False(File.Exists(_directory["agent.key"]));
    }

    [Fact]
    public async Task Server_of_another_root_should_be_refused_before_anything_is_sent()
    {
        await using var server = await Serve((_, asked) => Reply(asked));
        using var token = Token(server, static t => t with { Root = Digest.Zero });

        Assert.Equal("foreign-authority", (await Assert.ThrowsAsync<AgentException>(() => Enrol(token))).Code);
        Assert.Equal(0, _asked);
    }

    [Fact]
    public async Task Server_of_another_role_should_be_refused()
    {
        using var zone = _installation.Node(LinkRole.Zone, "zone-1");
        await using var server = await Serve((_, asked) => Reply(asked), zone);
        using var token = Token(server);

        Assert.Equal("wrong-role", (await Assert.ThrowsAsync<AgentException>(() => Enrol(token))).Code);
    }

    [Fact]
    public async Task Refusal_of_the_broker_should_be_told_with_its_code()
    {
        await using var server = await DmzServer.ForEnrolmentAsync(_installation.Dmz, app =>
        {
            app.MapRoot(_installation.Trust);
            app.MapPost("/v1/enrol", static async context =>
            {
                context.Response.StatusCode = StatusCodes.Status409Conflict;
                await context.Response.Body.WriteAsync(
                    new Problem { Code = "invitation-used", Detail = "the token was used" }.ToByteArray());
            });
        });
        using var token = Token(server);

        var error = await Assert.ThrowsAsync<AgentException>(() => Enrol(token));

        Assert.Equal("invitation-used", error.Code);
        Assert.Contains("the token was used", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_that_is_over_should_not_be_tried()
    {
        await using var server = await Serve((_, asked) => Reply(asked));
        using var token = Token(server, static t => t with { NotAfter = Installation.Now.AddSeconds(-1) });

        Assert.Equal("token-over", (await Assert.ThrowsAsync<AgentException>(() => Enrol(token))).Code);
    }

    [Fact]
    public async Task Agent_that_was_enrolled_under_another_boot_should_start_only_with_a_valid_grant()
    {
        await using var server = await Serve((_, asked) => Reply(asked));
        using var token = Token(server);
        await Enrol(token);

        using (Enrolled.Load(_state, default, Installation.Now))
        {
        }

        Assert.Equal("other-boot", Assert.Throws<AgentException>(() => Enrolled.Load(_state, default, Installation.Now.AddDays(2))).Code);
    }
}
