using System.Numerics;
using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>
/// A fixed amount of page-locked native memory, taken once at start, that <see cref="SecretBuffer"/>s are slots of (memory invariant I4).
/// Slots are 64 bytes to 8 MiB, powers of two, zeroed when they come back. All members are thread-safe.
/// </summary>
/// <remarks>
/// One arena rather than a mapping a secret: mappings are few in a process and cost microseconds, a slot costs nanoseconds and is bounded
/// by the capacity asked for here. When it is full, <see cref="Allocate"/> throws at once.
/// </remarks>
public sealed class SecretMemory : IDisposable
{
    /// <summary>Bytes of <see cref="Default"/> where nobody called <see cref="Configure"/>: 4 MiB, which users may lock.</summary>
    public const long UnconfiguredCapacity = 4L << 20;

    /// <summary>The longest secret that one buffer holds, in bytes: 8 MiB.</summary>
    public const int LargestLength = SmallestSlot << BuddyAllocator.LargestOrder;

    private const int SmallestSlot = 64;
    private const long LargestCapacity = 1L << 36;

    private static readonly Lock DefaultGate = new();
    private static SecretMemory? _default;

    private readonly Lock _gate = new();
    private readonly LockedArena _arena;
    private readonly BuddyAllocator _slots;
    private long _liveBytes;
    private long _liveBuffers;
    private long _leakedBuffers;
    private bool _disposed;

    /// <summary>Maps and locks the memory.</summary>
    /// <param name="capacity">Bytes, 4 KiB … 64 GiB, rounded up to whole pages. Counts against the process's RLIMIT_MEMLOCK.</param>
    /// <param name="backing">What kind of pages to use.</param>
    /// <exception cref="SecretMemoryException">The limit of locked memory is too low, or the kernel lacks the backing.</exception>
    public SecretMemory(long capacity, SecretMemoryBacking backing = SecretMemoryBacking.Auto)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 4096);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, LargestCapacity);
        if (!Enum.IsDefined(backing))
            throw new ArgumentOutOfRangeException(nameof(backing));

        var page = (long)Environment.SystemPageSize;
        _arena = LockedArena.Map((capacity + page - 1) / page * page, backing);
        _slots = new BuddyAllocator((int)(_arena.Capacity / SmallestSlot));
    }

    /// <summary>
    /// The process's memory, which <see cref="SecretBuffer.Allocate"/> takes from. Made at first use with
    /// <see cref="UnconfiguredCapacity"/> and <see cref="SecretMemoryBacking.Auto"/> where <see cref="Configure"/> was not called before.
    /// </summary>
    /// <exception cref="SecretMemoryException">It was made by this call, and could not be.</exception>
    public static SecretMemory Default => Volatile.Read(ref _default) ?? MakeDefault();

    /// <summary>Bytes of locked memory altogether.</summary>
    public long Capacity => _arena.Capacity;

    /// <summary>The pages in use: <see cref="SecretMemoryBacking.MemfdSecret"/> or <see cref="SecretMemoryBacking.Mmap"/>.</summary>
    public SecretMemoryBacking Backing => _arena.Backing;

    /// <summary>Bytes asked for in buffers that now live: not the slots' size, nor less after <see cref="SecretBuffer.Shrink"/>.</summary>
    public long LiveBytes => Interlocked.Read(ref _liveBytes);

    /// <summary>Buffers that now live.</summary>
    public long LiveBuffers => Interlocked.Read(ref _liveBuffers);

    /// <summary>Buffers that nobody disposed and that the garbage collector found; each is a defect. They were wiped.</summary>
    public long LeakedBuffers => Interlocked.Read(ref _leakedBuffers);

    internal LockedArena Arena => _arena;

    /// <summary>Makes <see cref="Default"/>; to be called once, at the start of the process, before any secret is held.</summary>
    /// <param name="capacity">Bytes, as for the constructor.</param>
    /// <param name="backing">What kind of pages to use.</param>
    /// <exception cref="InvalidOperationException">It was made already, here or by its first use.</exception>
    /// <exception cref="SecretMemoryException">The limit of locked memory is too low, or the kernel lacks the backing.</exception>
    public static void Configure(long capacity, SecretMemoryBacking backing = SecretMemoryBacking.Auto)
    {
        lock (DefaultGate)
        {
            if (_default is not null)
                throw new InvalidOperationException("the memory for secrets is in use already; configure it once, before the first secret");

            Volatile.Write(ref _default, new SecretMemory(capacity, backing));
        }
    }

    /// <summary>Takes a slot from this memory; its bytes are zero.</summary>
    /// <param name="length">Bytes, 0 … <see cref="LargestLength"/>.</param>
    /// <returns>A buffer that the caller owns and disposes.</returns>
    /// <exception cref="SecretMemoryExhaustedException">No slot of that size is free.</exception>
    public SecretBuffer Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, LargestLength);
        int unit;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_slots.TryAllocate(OrderOf(length), out unit))
            {
                _liveBytes += length;
                _liveBuffers++;
            }
        }

        return unit >= 0
            ? new SecretBuffer(this, _arena.Base + (nint)unit * SmallestSlot, length, length)
            : throw new SecretMemoryExhaustedException(length, LiveBytes, Capacity);
    }

    /// <summary>Refuses further buffers, and unmaps the memory once the last live buffer is disposed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;

            _disposed = true;
            if (_liveBuffers == 0)
                _arena.Unmap();
        }
    }

    /// <summary>Zeroes and takes back a slot; <paramref name="requested"/> is the length that it was allocated with.</summary>
    internal unsafe void Release(nint address, int requested, bool leaked)
    {
        CryptographicOperations.ZeroMemory(new Span<byte>((void*)address, requested));
        lock (_gate)
        {
            _slots.Release((int)((address - _arena.Base) / SmallestSlot), OrderOf(requested));
            _liveBytes -= requested;
            _liveBuffers--;
            if (leaked)
                _leakedBuffers++;
            if (_disposed && _liveBuffers == 0)
                _arena.Unmap();
        }
    }

    /// <summary>The free blocks, all neighbours merged, as (offset, length) in bytes.</summary>
    internal IReadOnlyList<(long Offset, long Length)> FreeBlocks()
    {
        lock (_gate)
        {
            _slots.MergeKept();
            return [.. _slots.FreeBlocks((int)(Capacity / SmallestSlot))
                .Select(static block => ((long)block.Unit * SmallestSlot, (long)SmallestSlot << block.Order))];
        }
    }

    private static int OrderOf(int length) =>
        length <= SmallestSlot ? 0 : BitOperations.Log2((uint)(length - 1)) + 1 - BitOperations.Log2((uint)SmallestSlot);

    private static SecretMemory MakeDefault()
    {
        lock (DefaultGate)
        {
            _default ??= new SecretMemory(UnconfiguredCapacity);
            return _default;
        }
    }
}
