using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;

namespace Broker.Secrets.Tests;

/// <summary>Both ends of a handshake as far as the agent's answer.</summary>
internal sealed class Handshake : IDisposable
{
    internal static readonly Id16 Boot = new([.. Enumerable.Range(1, 16).Select(static i => (byte)i)]);

    internal Handshake(RandomFill? agentRandom = null)
    {
        Secret = Custody.NewSecret(Custody.Acme);
        AgentKey = P256PrivateKey.Generate(SystemRandom.Fill);
        var nonce = new byte[Digest.Length];
        SystemRandom.Fill(nonce);
        Hello = new OwnerHello(
            Custody.Cluster, Custody.Acme, 1, Secret.Identity.Fingerprint, Name.Parse("node-1"), Digest.Of("incarnation"u8), 7,
            Name.Parse("agent-1"), AgentPublic.Fingerprint, Boot, new Digest(nonce));
        OwnerHello = Hello.Encode();
        Agent = AgentHandshake.Begin(OwnerHello, AgentKey, Boot, 3, 11, agentRandom ?? SystemRandom.Fill);
    }

    internal CustomerSecret Secret { get; }

    internal P256PrivateKey AgentKey { get; }

    internal PublicKey AgentPublic => PublicKey.Parse(AgentKey.PublicKey);

    internal OwnerHello Hello { get; }

    internal byte[] OwnerHello { get; }

    internal AgentHandshake Agent { get; }

    /// <summary>Pinned in the agent's grant.</summary>
    internal Digest Pinned => Secret.Identity.Fingerprint;

    public void Dispose()
    {
        Agent.Dispose();
        AgentKey.Dispose();
        Secret.Dispose();
    }

    /// <summary>The owner's last step, whose context the caller owns.</summary>
    internal (SessionContext Context, OwnerFinish Finish) Finish() =>
        OwnerHandshake.Finish(OwnerHello, Agent.Answer, Secret, SystemRandom.Fill);

    /// <summary>The third message for a test that needs no context.</summary>
    internal OwnerFinish ThirdMessage()
    {
        var (context, finish) = Finish();
        context.Dispose();
        return finish;
    }
}
