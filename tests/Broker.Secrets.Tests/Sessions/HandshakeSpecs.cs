using System.Security.Cryptography;
using Broker.Protocol.Session;

namespace Broker.Secrets.Tests;

public sealed class HandshakeSpecs : GaugedSpecs
{
    [Fact]
    public void Both_ends_should_reach_one_context()
    {
        using var handshake = new Handshake();

        var hello = OwnerHandshake.Read(handshake.OwnerHello, handshake.Agent.Answer, handshake.AgentPublic);
        var (owner, finish) = handshake.Finish();
        using (owner)
        using (var agent = handshake.Agent.Finish(finish, handshake.Pinned))
        {
            Assert.Equal((Handshake.Boot, 3ul, 11ul), (hello.Boot, hello.Generation, hello.HighestHead));
            Assert.Equal(owner.Transcript, agent.Transcript);
            AssertPasses(owner, agent, "to the agent"u8);
            AssertPasses(agent, owner, "to the owner"u8);
        }
    }

    [Fact]
    public void Handshake_and_message_should_be_the_constructions_of_the_protocol()
    {
        var random = new RecordingRandom(4);
        using var handshake = new Handshake(random.Fill);
        var answer = handshake.Agent.Answer;
        var (owner, finish) = handshake.Finish();
        using (owner)
        {
            var message = owner.Seal(Messages.Header, "first"u8, random.Fill);
            var second = owner.Seal(Messages.Header, "second"u8, random.Fill);

            var th = SHA256.HashData((byte[])[.. handshake.OwnerHello, .. answer.Statement.Span, .. answer.Signature.Span]);
            Assert.Equal(th, owner.Transcript.ToArray());
            Assert.True(handshake.Secret.Identity.Verify(
                Independent.Enc("broker/of/1", th, finish.Encapsulation.ToArray()), finish.Signature.Span));
            // The agent draws its nonce, then the key material of its ephemeral.
            using var ephemeral = P256PrivateKey.DeriveKeyPair(random.Fills[1]);
            using var hpke = Hpke.SetupBaseR(ephemeral, finish.Encapsulation.Span, th);
            using var exported = hpke.Export("o2a"u8, 32);
            var chain = exported.Span.ToArray();
            AssertMessage(chain, 0, message, "first"u8);
            AssertMessage(Independent.Expand(chain, Independent.Enc("broker/next/1"), 32), 1, second, "second"u8);
        }
    }

    [Fact]
    public void Each_answer_should_have_an_ephemeral_and_a_nonce_of_its_own()
    {
        using var handshake = new Handshake();
        using var again = AgentHandshake.Begin(handshake.OwnerHello, handshake.AgentKey, Handshake.Boot, 3, 11, SystemRandom.Fill);

        var (first, second) = (handshake.Agent.Answer.Read<AgentHello>(), again.Answer.Read<AgentHello>());

        Assert.NotEqual(first.Ephemeral, second.Ephemeral);
        Assert.NotEqual(first.Nonce, second.Nonce);
    }

    [Fact]
    [Trait("Invariant", "I4")]
    public void Ephemeral_should_be_gone_once_the_handshake_succeeded()
    {
        using var handshake = new Handshake();
        var finish = handshake.ThirdMessage();
        handshake.Agent.Finish(finish, handshake.Pinned).Dispose();

        Assert.Throws<ObjectDisposedException>(() => handshake.Agent.Finish(finish, handshake.Pinned));
    }

    [Fact]
    [Trait("Invariant", "I5")]
    public void Agent_key_or_secret_that_is_gone_should_leave_nothing()
    {
        using var handshake = new Handshake();
        handshake.Secret.Dispose();
        handshake.AgentKey.Dispose();

        Assert.Throws<ObjectDisposedException>(() => handshake.Finish());
        Assert.Throws<ObjectDisposedException>(() =>
            AgentHandshake.Begin(handshake.OwnerHello, handshake.AgentKey, Handshake.Boot, 3, 11, SystemRandom.Fill));
    }

    private static void AssertMessage(byte[] chain, ulong number, SealedMessage message, ReadOnlySpan<byte> plaintext)
    {
        var keys = Independent.Expand(
            chain, Independent.Enc("broker/msg/1", Independent.U64(number), message.Random.ToArray()), 64);
        Assert.Equal(keys.AsSpan(32), message.Commitment.Span);
        Assert.Equal(plaintext, Independent.Open(keys[..32], message.Ciphertext.Span, message.Header.Span));
    }

    private static void AssertPasses(SessionContext from, SessionContext to, ReadOnlySpan<byte> body)
    {
        using var opened = to.Open(from.Seal(Messages.Header, body, SystemRandom.Fill), out var header);
        Assert.True(opened.FixedTimeEquals(body));
        Assert.Equal((0ul, Messages.Header.HandOff), (header.Number, header.HandOff));
    }
}
