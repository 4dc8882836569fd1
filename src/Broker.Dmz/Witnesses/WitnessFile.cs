using System.Buffers.Binary;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Microsoft.Win32.SafeHandles;

namespace Broker.Dmz.Witnesses;

/// <summary>
/// A customer's witness on this node: a file of two slots, flushed at each write. Head n stands in slot n mod 2, so that a write
/// that is torn by a crash never takes the head before it along.
/// </summary>
internal sealed class WitnessFile
{
    private const int SlotLength = 512;

    private readonly string _path;
    private readonly Name _cluster;
    private readonly Name _customer;

    /// <summary>Names the file; it is made at the first write.</summary>
    /// <param name="directory">Of this node, mode 0700.</param>
    /// <param name="cluster">The installation.</param>
    /// <param name="customer">The customer.</param>
    public WitnessFile(string directory, Name cluster, Name customer)
    {
        _path = Path.Combine(directory, customer.Value);
        _cluster = cluster;
        _customer = customer;
    }

    /// <summary>The highest committed head, or null when this node has seen none.</summary>
    public WitnessedHead? Read()
    {
        if (!File.Exists(_path))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(_path);
        WitnessedHead? best = null;
        for (var slot = 0; slot < 2 && bytes.Length >= (slot + 1) * SlotLength; slot++)
        {
            if (TryRead(bytes.AsSpan(slot * SlotLength, SlotLength)) is { Committed: true } head && head.Counter > (best?.Counter ?? 0))
            {
                best = head;
            }
        }

        return best;
    }

    /// <summary>Writes a head and returns after it is on the disk.</summary>
    public void Write(ulong counter, Digest root, bool committed)
    {
        var statement = new WitnessedHead(_cluster, _customer, counter, root, committed).Encode();
        var slot = new byte[SlotLength];
        BinaryPrimitives.WriteInt32BigEndian(slot, statement.Length);
        statement.CopyTo(slot.AsSpan(4));
        Digest.Of(statement).CopyTo(slot.AsSpan(SlotLength - Digest.Length));
        using SafeFileHandle file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        RandomAccess.Write(file, slot, (long)(counter % 2) * SlotLength);
        RandomAccess.FlushToDisk(file);
    }

    private WitnessedHead? TryRead(ReadOnlySpan<byte> slot)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(slot);
        if (length is <= 0 or > SlotLength - 4 - Digest.Length)
        {
            return null;
        }

        var statement = slot.Slice(4, length);
        if (Digest.Of(statement) != new Digest(slot[^Digest.Length..]))
        {
            return null;
        }

        try
        {
            var head = Statement.Read<WitnessedHead>(statement);
            return head.Cluster == _cluster && head.Customer == _customer ? head : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
