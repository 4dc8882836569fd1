using System.Globalization;
using System.Runtime.InteropServices;

namespace Broker.Secrets.Tests;

/// <summary>Counts where a secret occurs in this process's writable memory, without holding the secret itself.</summary>
internal static unsafe class OwnMemory
{
    private const byte Mask = 0xa5;
    private const ulong MaskWord = 0xa5a5_a5a5_a5a5_a5a5;
    private const int ChunkSize = 1 << 20;

    /// <summary>What to look for, masked so that the scanner's own copy is not found.</summary>
    internal static byte[] Masked(ReadOnlySpan<byte> secret)
    {
        var masked = new byte[secret.Length];
        for (var i = 0; i < masked.Length; i++)
            masked[i] = (byte)(secret[i] ^ Mask);

        return masked;
    }

    /// <summary>Occurrences of what was masked, as it is and with its bytes reversed (the order in which big numbers are kept).</summary>
    internal static int Count(byte[] masked) => Find(masked).Count;

    /// <summary>The addresses of those occurrences.</summary>
    internal static List<long> Find(byte[] masked)
    {
        byte[] reversed = [.. masked.Reverse()];
        using var memory = File.OpenHandle("/proc/self/mem");
        var chunk = (byte*)NativeMemory.AlignedAlloc(ChunkSize, 4096);
        try
        {
            var found = new List<long>();
            foreach (var (from, to) in Writable())
            {
                // Chunks overlap by one needle less a byte, so that none is missed or counted twice.
                for (var at = from; at < to; at += ChunkSize - masked.Length + 1)
                {
                    var wanted = (int)Math.Min(ChunkSize, to - at);
                    if (at < (long)chunk + ChunkSize && at + wanted > (long)chunk)
                        continue;

                    var bytes = Read(memory, at, new Span<byte>(chunk, wanted));
                    AddAll(found, at, bytes, masked);
                    AddAll(found, at, bytes, reversed);
                }
            }

            return found;
        }
        finally
        {
            NativeMemory.Clear(chunk, ChunkSize);
            NativeMemory.AlignedFree(chunk);
        }
    }

    /// <summary>The lines of /proc/self/maps as (from, to, permissions).</summary>
    internal static IEnumerable<(long From, long To, string Permissions)> Mappings()
    {
        foreach (var line in File.ReadAllLines("/proc/self/maps"))
        {
            var fields = line.Split(' ');
            var range = fields[0].Split('-');
            var to = ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (to < long.MaxValue)
                yield return (long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), (long)to, fields[1]);
        }
    }

    /// <summary>The kernel's flags of the mapping that an address lies in: lo is locked, dd is out of core dumps.</summary>
    internal static HashSet<string> FlagsOf(long address)
    {
        var inside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (inside && line.StartsWith("VmFlags:", StringComparison.Ordinal))
                return [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]];

            var range = line.Split(' ')[0].Split('-');
            if (range.Length == 2 && ulong.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var from)
                && ulong.TryParse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var to))
                inside = (ulong)address >= from && (ulong)address < to;
        }

        return [];
    }

    private static void AddAll(List<long> found, long start, ReadOnlySpan<byte> bytes, byte[] needle)
    {
        for (var at = 0; bytes[at..].IndexOf(needle) is var next and >= 0; at += next + 1)
            found.Add(start + at + next);
    }

    private static List<(long From, long To)> Writable() =>
        [.. Mappings().Where(static mapping => mapping.Permissions[1] == 'w').Select(static mapping => (mapping.From, mapping.To))];

    private static Span<byte> Read(Microsoft.Win32.SafeHandles.SafeFileHandle memory, long address, Span<byte> chunk)
    {
        int got;
        try
        {
            got = RandomAccess.Read(memory, chunk, address);
        }
        catch (IOException)
        {
            // Unmapped meanwhile, or memory that the kernel hides.
            return [];
        }

        foreach (ref var word in MemoryMarshal.Cast<byte, ulong>(chunk))
            word ^= MaskWord;
        foreach (ref var rest in chunk[(chunk.Length & ~7)..])
            rest ^= Mask;

        return chunk[..got];
    }
}
