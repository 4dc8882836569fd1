using System.Numerics;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;

namespace Broker.Secrets.Tests;

/// <summary>What a relay may do to the second and third message, as the agent sees it.</summary>
[Trait("Invariant", "I9")]
public sealed class AgentTamperingSpecs : GaugedSpecs
{
    private static readonly BigInteger Order = new(
        Convert.FromHexString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"), isUnsigned: true, isBigEndian: true);

    private readonly Handshake _handshake;
    private readonly OwnerFinish _finish;

    public AgentTamperingSpecs()
    {
        _handshake = Keep(new Handshake());
        _finish = _handshake.ThirdMessage();
    }

    [Fact]
    public void Every_flipped_byte_of_the_third_message_should_be_refused()
    {
        for (var at = 0; at < _finish.Encapsulation.Length; at++)
            AssertRefused(SessionFailure.BadSignature, good => good with { Encapsulation = Flipped(good.Encapsulation, at) });
        for (var at = 0; at < PublicKey.SignatureLength; at++)
            AssertRefused(SessionFailure.BadSignature, good => good with { Signature = Flipped(good.Signature, at) });
    }

    [Fact]
    public void Other_lengths_and_points_should_be_refused()
    {
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);
        Func<OwnerFinish, OwnerFinish>[] changes =
        [
            good => good with { Encapsulation = other.PublicKey },
            static good => good with { Encapsulation = ReadOnlyMemory<byte>.Empty },
            static good => good with { Encapsulation = (byte[])[.. good.Encapsulation.Span, 0] },
            static good => good with { Signature = good.Signature[1..] },
            static good => good with { Signature = ReadOnlyMemory<byte>.Empty },
            static good => good with { Signature = (byte[])[.. good.Signature.Span, 0] },
        ];

        Assert.All(changes, change => AssertRefused(SessionFailure.BadSignature, change));
    }

    [Fact]
    public void Other_identity_should_be_refused_with_and_without_a_good_signature()
    {
        using var stranger = Custody.NewSecret(Custody.Acme);

        AssertRefused(SessionFailure.WrongIdentity, good => good with { Identity = stranger.Identity });
        // The intake key is the customer's as well, but it is not what is pinned.
        AssertRefused(SessionFailure.WrongIdentity, good => good with { Identity = _handshake.Secret.Intake });
        AssertRefused(SessionFailure.WrongIdentity, static good => good, stranger);
        AssertRefused(SessionFailure.BadSignature, good => good with { Identity = _handshake.Secret.Identity }, stranger);
    }

    [Fact]
    public void Encapsulation_that_is_no_point_should_be_malformed_even_if_the_identity_signed_it()
    {
        foreach (var point in P256Points.Refused())
        {
            using var agent = Begin();
            var answer = agent.Answer;
            var transcript = SessionTranscript.Hash(_handshake.OwnerHello, answer.Statement.Span, answer.Signature.Span);
            var signed = _handshake.Secret.Sign(SessionTranscript.OwnerFinish(transcript, point));
            var finish = new OwnerFinish(point, signed.Signature, _handshake.Secret.Identity);

            var code = Assert.Throws<SessionException>(() => agent.Finish(finish, _handshake.Pinned)).Code;
            Assert.Equal(SessionFailure.Malformed, code);
        }
    }

    [Fact]
    public void Third_message_of_another_answer_should_be_refused()
    {
        using var again = Begin();

        var code = Assert.Throws<SessionException>(() => again.Finish(_finish, _handshake.Pinned)).Code;

        Assert.Equal(SessionFailure.BadSignature, code);
    }

    [Fact]
    public void Answer_whose_signature_was_turned_into_its_other_form_should_end_at_the_agent()
    {
        // (r, n - s) verifies where (r, s) does; but both ends hash the signature that they have.
        var answer = _handshake.Agent.Answer;
        var s = new BigInteger(answer.Signature.Span[32..], isUnsigned: true, isBigEndian: true);
        var mirrored = (Order - s).ToByteArray(isUnsigned: true, isBigEndian: true);
        var turned = answer with
        {
            Signature = (byte[])[.. answer.Signature.Span[..32], .. new byte[32 - mirrored.Length], .. mirrored],
        };
        OwnerHandshake.Read(_handshake.OwnerHello, turned, _handshake.AgentPublic);

        var (context, finish) = OwnerHandshake.Finish(_handshake.OwnerHello, turned, _handshake.Secret, SystemRandom.Fill);
        using (context)
        {
            var code = Assert.Throws<SessionException>(() => _handshake.Agent.Finish(finish, _handshake.Pinned)).Code;
            Assert.Equal(SessionFailure.BadSignature, code);
        }
    }

    [Fact]
    [Trait("Invariant", "I5")]
    public void Refused_handshake_should_have_lost_its_ephemeral()
    {
        OwnerFinish[] refused =
        [
            _finish with { Identity = _handshake.Secret.Intake },
            _finish with { Signature = ReadOnlyMemory<byte>.Empty },
        ];
        foreach (var finish in refused)
        {
            using var agent = Begin();
            var (context, good) = OwnerHandshake.Finish(_handshake.OwnerHello, agent.Answer, _handshake.Secret, SystemRandom.Fill);
            context.Dispose();
            Assert.Throws<SessionException>(() => agent.Finish(finish, _handshake.Pinned));

            Assert.Throws<ObjectDisposedException>(() => agent.Finish(good, _handshake.Pinned));
        }

        var abandoned = _handshake.Agent;
        abandoned.Dispose();
        Assert.Throws<ObjectDisposedException>(() => abandoned.Finish(_finish, _handshake.Pinned));
    }

    private static byte[] Flipped(ReadOnlyMemory<byte> bytes, int at)
    {
        var flipped = bytes.ToArray();
        flipped[at] ^= 0x08;
        return flipped;
    }

    private AgentHandshake Begin() =>
        AgentHandshake.Begin(_handshake.OwnerHello, _handshake.AgentKey, Handshake.Boot, 3, 11, SystemRandom.Fill);

    // A refused handshake is over: each attempt has one of its own, and a third message that was good for it.
    private void AssertRefused(string code, Func<OwnerFinish, OwnerFinish> change, CustomerSecret? by = null)
    {
        using var agent = Begin();
        var (context, good) = OwnerHandshake.Finish(
            _handshake.OwnerHello, agent.Answer, by ?? _handshake.Secret, SystemRandom.Fill);
        context.Dispose();
        Assert.Equal(code, Assert.Throws<SessionException>(() => agent.Finish(change(good), _handshake.Pinned)).Code);
    }
}
