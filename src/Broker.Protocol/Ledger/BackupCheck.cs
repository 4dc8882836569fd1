using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>
/// What the ledger records before a row of a backup is opened to see whether it can be (I6); signed by the identity key. The row comes
/// from a file and not from the zone, and nothing of what it opens to leaves the key actor.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The customer's current epoch.</param>
/// <param name="Node">The node on which it is opened.</param>
/// <param name="Principal">Who asked: <c>console/NAME</c>.</param>
/// <param name="Fence">The owner's fence.</param>
/// <param name="LockGeneration">The lock generation; no lock stood.</param>
/// <param name="HeadCounter">Counter of the backup's head, under which the row stands.</param>
/// <param name="Leaf">The row's leaf.</param>
public sealed record BackupCheck(
    Name Cluster, Name Customer, uint Epoch, Name Node, string Principal, ulong Fence, ulong LockGeneration, ulong HeadCounter,
    Digest Leaf) : IStatement<BackupCheck>
{
    private const string Label = "broker/backup-check/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Name(Node).Text(Principal).U64(Fence).U64(LockGeneration).U64(HeadCounter)
        .Digest(Leaf).ToArray();

    /// <inheritdoc/>
    public static BackupCheck Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var check = new BackupCheck(
            r.Name(), r.Name(), r.U32(), r.Name(), r.Text(), r.U64(), r.U64(), r.U64(), r.Digest());
        r.End();
        return check;
    }
}
