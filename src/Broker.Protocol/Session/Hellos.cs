using System.Security.Cryptography;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Session;

/// <summary>The owner's first message.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The customer's epoch.</param>
/// <param name="Identity">Fingerprint of the customer's identity key.</param>
/// <param name="Node">The owner's node.</param>
/// <param name="Incarnation">Fingerprint of the owner's incarnation.</param>
/// <param name="Fence">The customer's fence.</param>
/// <param name="Agent">The agent.</param>
/// <param name="AgentKey">Fingerprint of the agent's key.</param>
/// <param name="Link">Id of the link session beneath.</param>
/// <param name="Nonce">32 random bytes, used once within 10 s.</param>
public sealed record OwnerHello(
    Name Cluster,
    Name Customer,
    uint Epoch,
    Digest Identity,
    Name Node,
    Digest Incarnation,
    ulong Fence,
    Name Agent,
    Digest AgentKey,
    Id16 Link,
    Digest Nonce) : IStatement<OwnerHello>
{
    private const string Label = "broker/oh/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Digest(Identity).Name(Node).Digest(Incarnation).U64(Fence).Name(Agent)
        .Digest(AgentKey).Id(Link).Digest(Nonce).ToArray();

    /// <inheritdoc/>
    public static OwnerHello Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var hello = new OwnerHello(
            r.Name(), r.Name(), r.U32(), r.Digest(), r.Name(), r.Digest(), r.U64(), r.Name(), r.Digest(), r.Id(), r.Digest());
        r.End();
        return hello;
    }
}

/// <summary>The agent's answer, signed by the agent's key.</summary>
/// <param name="OwnerHello">SHA-256 of the owner's hello.</param>
/// <param name="Boot">The host's kernel boot id.</param>
/// <param name="Generation">The agent's generation that this session would set.</param>
/// <param name="HighestHead">Counter of the highest head that the agent has seen: it is a witness.</param>
/// <param name="Ephemeral">HPKE key made for this hello.</param>
/// <param name="Nonce">32 random bytes.</param>
public sealed record AgentHello(
    Digest OwnerHello, Id16 Boot, ulong Generation, ulong HighestHead, PublicKey Ephemeral, Digest Nonce) : IStatement<AgentHello>
{
    private const string Label = "broker/ah/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Digest(OwnerHello).Id(Boot).U64(Generation).U64(HighestHead).Key(Ephemeral).Digest(Nonce).ToArray();

    /// <inheritdoc/>
    public static AgentHello Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var hello = new AgentHello(r.Digest(), r.Id(), r.U64(), r.U64(), r.Key(), r.Digest());
        r.End();
        return hello;
    }
}

/// <summary>What both ends agree on before the context exists.</summary>
public static class SessionTranscript
{
    /// <summary>Length of the encapsulated key of HPKE.</summary>
    public const int EncapsulationLength = PublicKey.Length;

    /// <summary><c>th = SHA256(OwnerHello ‖ AgentHello ‖ sig2)</c>.</summary>
    public static Digest Hash(ReadOnlySpan<byte> ownerHello, ReadOnlySpan<byte> agentHello, ReadOnlySpan<byte> agentSignature)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(ownerHello);
        hash.AppendData(agentHello);
        hash.AppendData(agentSignature);
        return new Digest(hash.GetHashAndReset());
    }

    /// <summary>What the identity key signs as the third message: <c>enc("broker/of/1", th, enc)</c>.</summary>
    public static byte[] OwnerFinish(Digest transcript, ReadOnlySpan<byte> encapsulation) =>
        new EncWriter("broker/of/1").Digest(transcript).Bytes(encapsulation).ToArray();
}
