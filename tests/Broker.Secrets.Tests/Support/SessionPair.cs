using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

/// <summary>Both ends of a session whose chain keys are 32 bytes of one number, from message <c>first</c> on.</summary>
internal sealed class SessionPair : IDisposable
{
    internal SessionPair(byte o2a = 1, byte a2o = 2, ulong first = 0, string transcript = "session")
    {
        Owner = End(o2a, a2o, first, transcript, owner: true);
        Agent = End(o2a, a2o, first, transcript, owner: false);
    }

    internal SessionContext Owner { get; }

    internal SessionContext Agent { get; }

    public void Dispose()
    {
        Owner.Dispose();
        Agent.Dispose();
    }

    internal static SecretBuffer ChainKey(byte value)
    {
        var key = SecretBuffer.Allocate(32);
        key.Span.Fill(value);
        return key;
    }

    private static SessionContext End(byte o2a, byte a2o, ulong first, string transcript, bool owner) => new(
        Digest.Of(Independent.Text(transcript)), (new RatchetChain(ChainKey(o2a), first), new RatchetChain(ChainKey(a2o), first)), owner);
}
