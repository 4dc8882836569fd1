using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>
/// Those who hold custody accepted a head of which no witness proved that it was the newest, or of which one showed that it was not: an
/// honest restore, or a loss that they take. Signed by the identity key. What follows is numbered above everything that was seen, so
/// that whoever saw the lost past refuses it and not what comes after.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Node">The node on which they unlocked.</param>
/// <param name="Code">Why it had to be accepted: the code with which the unlock would have failed.</param>
/// <param name="AcceptedCounter">Counter of the head that they accepted.</param>
/// <param name="AcceptedRoot">Its root.</param>
/// <param name="SeenCounter">Highest counter that a witness told; 0 where there was none.</param>
/// <param name="SeenFence">Highest fence that the node knew; 0 where it knew none.</param>
/// <param name="SeenLock">Highest lock generation that the node knew; 0 where it knew none.</param>
public sealed record Restoration(
    Name Cluster, Name Customer, uint Epoch, Name Node, string Code, ulong AcceptedCounter, Digest AcceptedRoot, ulong SeenCounter,
    ulong SeenFence, ulong SeenLock) : IStatement<Restoration>
{
    private const string Label = "broker/restoration/1";

    /// <summary>Counter of the head that follows: the accepted root under a number that nobody has seen.</summary>
    public ulong NextCounter => After(AcceptedCounter, SeenCounter);

    /// <summary>The fence of the claim that follows.</summary>
    /// <param name="fence">The fence that the zone has.</param>
    public ulong NextFence(ulong fence) => After(fence, SeenFence);

    /// <summary>Whether a head is the one that follows.</summary>
    public bool IsFollowedBy(CustomerHead head) =>
        head.Cluster == Cluster && head.Customer == Customer && head.Epoch == Epoch && head.Counter == NextCounter &&
        head.Root == AcceptedRoot;

    // Nothing can follow the highest number; it stays, and is refused as one that was seen.
    private static ulong After(ulong a, ulong b) => Math.Max(a, b) is var highest and < ulong.MaxValue ? highest + 1 : ulong.MaxValue;

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Name(Node).Text(Code).U64(AcceptedCounter).Digest(AcceptedRoot).U64(SeenCounter)
        .U64(SeenFence).U64(SeenLock).ToArray();

    /// <inheritdoc/>
    public static Restoration Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var restoration = new Restoration(
            r.Name(), r.Name(), r.U32(), r.Name(), r.Text(), r.U64(), r.Digest(), r.U64(), r.U64(), r.U64());
        r.End();
        return restoration;
    }
}

/// <summary>Body of a restored block: what was accepted, and the head that follows it.</summary>
/// <param name="Restoration">The signed <see cref="Ledger.Restoration"/>.</param>
/// <param name="Head">The signed head.</param>
public sealed record RestoredRecord(Signed Restoration, Signed Head) : IStatement<RestoredRecord>
{
    private const string Label = "broker/restored/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label);
        Signed.Write(writer, Restoration);
        Signed.Write(writer, Head);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static RestoredRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new RestoredRecord(Signed.ReadFrom(ref r), Signed.ReadFrom(ref r));
        r.End();
        return record;
    }
}
