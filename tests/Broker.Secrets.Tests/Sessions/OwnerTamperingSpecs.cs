using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Secrets.Tests;

/// <summary>What a relay may do to the first two messages, as the owner sees it.</summary>
[Trait("Invariant", "I9")]
public sealed class OwnerTamperingSpecs : GaugedSpecs
{
    private readonly Handshake _handshake;
    private readonly AgentHello _hello;

    public OwnerTamperingSpecs()
    {
        _handshake = Keep(new Handshake());
        _hello = _handshake.Agent.Answer.Read<AgentHello>();
    }

    public static TheoryData<string, Func<OwnerHello, OwnerHello>> OwnerFields => new()
    {
        { "cluster", static h => h with { Cluster = Custody.Other } },
        { "customer", static h => h with { Customer = Custody.Other } },
        { "epoch", static h => h with { Epoch = 2 } },
        { "identity", static h => h with { Identity = Digest.Zero } },
        { "node", static h => h with { Node = Custody.Other } },
        { "incarnation", static h => h with { Incarnation = Digest.Zero } },
        { "fence", static h => h with { Fence = 8 } },
        { "agent", static h => h with { Agent = Custody.Other } },
        { "agent key", static h => h with { AgentKey = Digest.Zero } },
        { "link", static h => h with { Link = new Id16(new byte[16]) } },
        { "nonce", static h => h with { Nonce = Digest.Zero } },
    };

    public static TheoryData<string, Func<AgentHello, AgentHello>, string> AgentFields => new()
    {
        { "owner hello", static h => h with { OwnerHello = Digest.Zero }, SessionFailure.WrongHello },
        { "boot", static h => h with { Boot = new Id16(new byte[16]) }, SessionFailure.BadSignature },
        { "generation", static h => h with { Generation = 4 }, SessionFailure.BadSignature },
        { "highest head", static h => h with { HighestHead = 10 }, SessionFailure.BadSignature },
        { "ephemeral", static h => h with { Ephemeral = SomeKey() }, SessionFailure.BadSignature },
        { "nonce", static h => h with { Nonce = Digest.Zero }, SessionFailure.BadSignature },
    };

    [Theory]
    [MemberData(nameof(OwnerFields))]
    public void Answer_to_an_altered_hello_should_be_refused(string field, Func<OwnerHello, OwnerHello> change)
    {
        Assert.NotEmpty(field);
        var altered = change(_handshake.Hello).Encode();
        using var agent = AgentHandshake.Begin(altered, _handshake.AgentKey, Handshake.Boot, 3, 11, SystemRandom.Fill);

        Assert.Equal(SessionFailure.WrongHello, Refusal(agent.Answer));
    }

    [Theory]
    [MemberData(nameof(AgentFields))]
    public void Altered_answer_should_be_refused(string field, Func<AgentHello, AgentHello> change, string code)
    {
        Assert.NotEmpty(field);
        Assert.Equal(code, Refusal(_handshake.Agent.Answer with { Statement = change(_hello).Encode() }));
    }

    [Fact]
    public void Every_flipped_byte_of_the_answer_should_be_refused()
    {
        var (statement, signature) = (_handshake.Agent.Answer.Statement.ToArray(), _handshake.Agent.Answer.Signature.ToArray());
        string[] codes = [SessionFailure.Malformed, SessionFailure.WrongHello, SessionFailure.BadSignature];
        for (var at = 0; at < statement.Length; at++)
        {
            statement[at] ^= 0x20;
            Assert.Contains(Refusal(new Signed(statement, signature)), codes);
            statement[at] ^= 0x20;
        }

        for (var at = 0; at < signature.Length; at++)
        {
            signature[at] ^= 0x20;
            Assert.Equal(SessionFailure.BadSignature, Refusal(new Signed(statement, signature)));
            signature[at] ^= 0x20;
        }

        OwnerHandshake.Read(_handshake.OwnerHello, new Signed(statement, signature), _handshake.AgentPublic);
    }

    [Fact]
    public void Other_lengths_of_answer_and_signature_should_be_refused()
    {
        var answer = _handshake.Agent.Answer;
        for (var length = 0; length < answer.Statement.Length; length++)
            Assert.Equal(SessionFailure.Malformed, Refusal(answer with { Statement = answer.Statement[..length] }));
        Assert.Equal(SessionFailure.Malformed, Refusal(answer with { Statement = (byte[])[.. answer.Statement.Span, 0] }));
        Assert.Equal(SessionFailure.BadSignature, Refusal(answer with { Signature = answer.Signature[..63] }));
        Assert.Equal(SessionFailure.BadSignature, Refusal(answer with { Signature = ReadOnlyMemory<byte>.Empty }));
        Assert.Equal(SessionFailure.BadSignature, Refusal(answer with { Signature = (byte[])[.. answer.Signature.Span, 0] }));
    }

    [Fact]
    public void Ephemeral_that_is_no_point_should_be_malformed()
    {
        var ephemeral = new byte[65];
        ephemeral[0] = 4;
        var statement = new EncWriter("broker/ah/1").Digest(_hello.OwnerHello).Id(_hello.Boot).U64(3).U64(11).Bytes(ephemeral)
            .Digest(_hello.Nonce).ToArray();
        var signature = new byte[PublicKey.SignatureLength];
        _handshake.AgentKey.Sign(statement, signature);

        Assert.Equal(SessionFailure.Malformed, Refusal(new Signed(statement, signature)));
    }

    [Fact]
    public void Answer_of_another_agent_or_to_another_hello_should_be_refused()
    {
        using var other = new Handshake();
        using var stranger = AgentHandshake.Begin(_handshake.OwnerHello, other.AgentKey, Handshake.Boot, 3, 11, SystemRandom.Fill);

        Assert.Equal(SessionFailure.BadSignature, Refusal(stranger.Answer));
        Assert.Equal(SessionFailure.WrongHello, Refusal(other.Agent.Answer));
        // The owner's own hello, reflected and signed by nobody.
        Assert.Equal(SessionFailure.Malformed, Refusal(new Signed(_handshake.OwnerHello, _handshake.Agent.Answer.Signature)));
    }

    private static PublicKey SomeKey()
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        return PublicKey.Parse(key.PublicKey);
    }

    private string Refusal(Signed answer) => Assert.Throws<SessionException>(
        () => OwnerHandshake.Read(_handshake.OwnerHello, answer, _handshake.AgentPublic)).Code;
}
