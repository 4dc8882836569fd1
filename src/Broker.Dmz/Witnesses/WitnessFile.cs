using System.Buffers.Binary;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Microsoft.Win32.SafeHandles;

namespace Broker.Dmz.Witnesses;

/// <summary>
/// A customer's witness on this node: a file of four slots, flushed at each write. Head n stands in slot n mod 2, so that a write
/// that is torn by a crash never takes the head before it along. Fence and lock stand in the two slots behind, by turns.
/// </summary>
internal sealed class WitnessFile
{
    private const int SlotLength = 512;
    private const int HeadSlots = 2;

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
        WitnessedHead? best = null;
        for (var slot = 0; slot < HeadSlots; slot++)
        {
            if (TryRead<WitnessedHead>(slot) is { Committed: true } head && head.Cluster == _cluster && head.Customer == _customer &&
                head.Counter > (best?.Counter ?? 0))
            {
                best = head;
            }
        }

        return best;
    }

    /// <summary>When the file was written last, by the clock of its file system; null where it never was.</summary>
    public DateTimeOffset? LastWritten => File.Exists(_path) ? File.GetLastWriteTimeUtc(_path) : null;

    /// <summary>The highest fence and, under it, the highest lock; null when this node has seen none.</summary>
    public WitnessedOwning? ReadOwning() => Owning().Best;

    /// <summary>Writes a head and returns after it is on the disk.</summary>
    public void Write(ulong counter, Digest root, bool committed) =>
        Write((int)(counter % HeadSlots), new WitnessedHead(_cluster, _customer, counter, root, committed).Encode());

    /// <summary>Writes fence and lock and returns after they are on the disk.</summary>
    public void WriteOwning(ulong fence, ulong generation)
    {
        var (best, free) = Owning();
        if (best is null || (fence, generation).CompareTo((best.Fence, best.Lock)) > 0)
        {
            Write(free, new WitnessedOwning(_cluster, _customer, fence, generation).Encode());
        }
    }

    private (WitnessedOwning? Best, int Free) Owning()
    {
        var (first, second) = (Owning(HeadSlots), Owning(HeadSlots + 1));
        return second is null || (first is not null && (first.Fence, first.Lock).CompareTo((second.Fence, second.Lock)) >= 0)
            ? (first, HeadSlots + 1)
            : (second, HeadSlots);
    }

    private WitnessedOwning? Owning(int slot) =>
        TryRead<WitnessedOwning>(slot) is { } owning && owning.Cluster == _cluster && owning.Customer == _customer ? owning : null;

    private void Write(int at, byte[] statement)
    {
        var slot = new byte[SlotLength];
        BinaryPrimitives.WriteInt32BigEndian(slot, statement.Length);
        statement.CopyTo(slot.AsSpan(4));
        Digest.Of(statement).CopyTo(slot.AsSpan(SlotLength - Digest.Length));
        using SafeFileHandle file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        RandomAccess.Write(file, slot, (long)at * SlotLength);
        RandomAccess.FlushToDisk(file);
    }

    private T? TryRead<T>(int at)
        where T : class, IStatement<T>
    {
        if (!File.Exists(_path))
        {
            return null;
        }

        var slot = new byte[SlotLength];
        using (var file = File.OpenHandle(_path))
        {
            if (RandomAccess.Read(file, slot, (long)at * SlotLength) < SlotLength)
            {
                return null;
            }
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(slot);
        if (length is <= 0 or > SlotLength - 4 - Digest.Length)
        {
            return null;
        }

        var statement = slot.AsSpan(4, length);
        if (Digest.Of(statement) != new Digest(slot.AsSpan()[^Digest.Length..]))
        {
            return null;
        }

        try
        {
            return Statement.Read<T>(statement);
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
