using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Secrets;

/// <summary>The third message of a handshake.</summary>
/// <param name="Encapsulation">65 bytes.</param>
/// <param name="Signature">The identity key's, 64 bytes.</param>
/// <param name="Identity">The identity key.</param>
public sealed record OwnerFinish(ReadOnlyMemory<byte> Encapsulation, ReadOnlyMemory<byte> Signature, PublicKey Identity);

/// <summary>The owner's side of the handshake. It holds no secret: the ephemeral is made and wiped in <see cref="Finish"/>.</summary>
public static class OwnerHandshake
{
    /// <summary>Reads the agent's answer and checks that it answers this hello and that the agent's key signed it.</summary>
    /// <exception cref="SessionException">It does not.</exception>
    public static AgentHello Read(ReadOnlySpan<byte> ownerHello, Signed agentHello, PublicKey agentKey)
    {
        AgentHello hello;
        try
        {
            hello = agentHello.Read<AgentHello>();
        }
        catch (MalformedException)
        {
            throw new SessionException(SessionFailure.Malformed);
        }

        if (hello.OwnerHello != Digest.Of(ownerHello))
        {
            throw new SessionException(SessionFailure.WrongHello);
        }

        return agentHello.IsBy(agentKey) ? hello : throw new SessionException(SessionFailure.BadSignature);
    }

    /// <summary>Makes the context and the third message.</summary>
    /// <param name="ownerHello">The hello that was sent.</param>
    /// <param name="agentHello">The answer, after <see cref="Read"/>.</param>
    /// <param name="secret">The customer's secret, which signs.</param>
    /// <param name="random">The system's randomness.</param>
    /// <returns>The context, owned by the caller, and the message.</returns>
    public static (SessionContext Context, OwnerFinish Finish) Finish(
        ReadOnlySpan<byte> ownerHello, Signed agentHello, CustomerSecret secret, RandomFill random)
    {
        var transcript = SessionTranscript.Hash(ownerHello, agentHello.Statement.Span, agentHello.Signature.Span);
        var peer = agentHello.Read<AgentHello>().Ephemeral;
        var (encapsulation, hpke) = Hpke.SetupBaseS(peer.Bytes.Span, transcript.ToArray(), random);
        using (hpke)
        {
            var signature = secret.Sign(SessionTranscript.OwnerFinish(transcript, encapsulation)).Signature;
            return (new SessionContext(transcript, hpke, owner: true), new OwnerFinish(encapsulation, signature, secret.Identity));
        }
    }
}
