using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Secrets;

/// <summary>The agent's side of the handshake: holds the ephemeral key from the answer until the owner's third message.</summary>
public sealed class AgentHandshake : IDisposable
{
    private readonly P256PrivateKey _ephemeral;
    private readonly byte[] _ownerHello;

    private AgentHandshake(P256PrivateKey ephemeral, byte[] ownerHello, Signed answer)
    {
        _ephemeral = ephemeral;
        _ownerHello = ownerHello;
        Answer = answer;
    }

    /// <summary>The agent's hello with its signature.</summary>
    public Signed Answer { get; }

    /// <summary>Answers an owner's hello that the caller has checked: cluster, customer, agent, key, identity, fence.</summary>
    /// <param name="ownerHello">The hello's encoding.</param>
    /// <param name="agentKey">The agent's key.</param>
    /// <param name="boot">The kernel's boot id.</param>
    /// <param name="generation">The generation that this session would set.</param>
    /// <param name="highestHead">Counter of the highest head that the agent has seen.</param>
    /// <param name="random">The system's randomness.</param>
    public static AgentHandshake Begin(
        ReadOnlySpan<byte> ownerHello, P256PrivateKey agentKey, Id16 boot, ulong generation, ulong highestHead, RandomFill random)
    {
        var nonce = new byte[Digest.Length];
        random(nonce);
        var ephemeral = P256PrivateKey.Generate(random);
        try
        {
            var hello = new AgentHello(
                Digest.Of(ownerHello), boot, generation, highestHead, PublicKey.Parse(ephemeral.PublicKey), new Digest(nonce)).Encode();
            var signature = new byte[PublicKey.SignatureLength];
            agentKey.Sign(hello, signature);
            return new AgentHandshake(ephemeral, ownerHello.ToArray(), new Signed(hello, signature));
        }
        catch
        {
            ephemeral.Dispose();
            throw;
        }
    }

    /// <summary>Takes the owner's third message. The ephemeral is wiped, whatever comes of it.</summary>
    /// <param name="finish">The message.</param>
    /// <param name="pinned">Fingerprint of the identity that is pinned in the agent's grant.</param>
    /// <returns>The context, owned by the caller.</returns>
    /// <exception cref="SessionException">The identity is another, the signature or the encapsulation is not good.</exception>
    public SessionContext Finish(OwnerFinish finish, Digest pinned)
    {
        using (_ephemeral)
        {
            if (finish.Identity.Fingerprint != pinned)
            {
                throw new SessionException(SessionFailure.WrongIdentity);
            }

            var transcript = SessionTranscript.Hash(_ownerHello, Answer.Statement.Span, Answer.Signature.Span);
            var statement = SessionTranscript.OwnerFinish(transcript, finish.Encapsulation.Span);
            if (!finish.Identity.Verify(statement, finish.Signature.Span))
            {
                throw new SessionException(SessionFailure.BadSignature);
            }

            try
            {
                using var hpke = Hpke.SetupBaseR(_ephemeral, finish.Encapsulation.Span, transcript.ToArray());
                return new SessionContext(transcript, hpke, owner: false);
            }
            catch (SealedDataException)
            {
                throw new SessionException(SessionFailure.Malformed);
            }
        }
    }

    /// <summary>Wipes the ephemeral key.</summary>
    public void Dispose() => _ephemeral.Dispose();
}
