using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>
/// One mapping of locked, zeroed, readable and writable pages between two inaccessible guard pages, so that running off either end
/// is a fault rather than a leak.
/// </summary>
internal sealed class LockedArena
{
    private static readonly long PageSize = Environment.SystemPageSize;

    private readonly nint _reservation;
    private readonly nuint _reserved;

    private LockedArena(nint reservation, nuint reserved, long capacity, SecretMemoryBacking backing)
    {
        _reservation = reservation;
        _reserved = reserved;
        Capacity = capacity;
        Backing = backing;
    }

    internal nint Base => _reservation + (nint)PageSize;

    internal long Capacity { get; }

    /// <summary>What was really mapped: never <see cref="SecretMemoryBacking.Auto"/>.</summary>
    internal SecretMemoryBacking Backing { get; }

    /// <summary>Maps <paramref name="capacity"/> bytes, a multiple of the page size; throws <see cref="SecretMemoryException"/>.</summary>
    internal static LockedArena Map(long capacity, SecretMemoryBacking backing)
    {
        var descriptor = backing == SecretMemoryBacking.Mmap ? -1 : (int)LibC.MemfdSecret(LibC.SysMemfdSecret, LibC.CloseOnExec);
        if (backing == SecretMemoryBacking.MemfdSecret && descriptor < 0)
            throw SecretMemoryException.CallFailed("memfd_secret", Marshal.GetLastPInvokeError());

        var reserved = (nuint)(capacity + 2 * PageSize);
        nint reservation = LibC.MapFailed;
        var done = false;
        try
        {
            reservation = LibC.Map(
                0, reserved, LibC.ProtNone, LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve, -1, 0);
            Check(reservation != LibC.MapFailed, "mmap", capacity);
            var arena = new LockedArena(
                reservation, reserved, capacity, descriptor < 0 ? SecretMemoryBacking.Mmap : SecretMemoryBacking.MemfdSecret);
            if (descriptor < 0)
                arena.MapAnonymous();
            else
                arena.MapSecret(descriptor);
            done = true;
            return arena;
        }
        finally
        {
            if (descriptor >= 0)
                _ = LibC.Close(descriptor);
            if (!done && reservation != LibC.MapFailed)
                _ = LibC.Unmap(reservation, reserved);
        }
    }

    internal void Unmap() => _ = LibC.Unmap(_reservation, _reserved);

    private static void Check(bool succeeded, string call, long capacity)
    {
        if (succeeded)
            return;

        var error = Marshal.GetLastPInvokeError();
        if (error is LibC.ErrorAgain or LibC.ErrorNoMemory or LibC.ErrorNotPermitted
            && LibC.GetLimit(LibC.LimitLockedMemory, out var limit) == 0 && limit.Soft != ulong.MaxValue)
            throw SecretMemoryException.LimitTooLow(capacity, limit.Soft);

        throw SecretMemoryException.CallFailed(call, error);
    }

    private void MapAnonymous()
    {
        MapOver(LibC.MapPrivate | LibC.MapAnonymous | LibC.MapFixed, -1);
        var length = (nuint)Capacity;
        Check(LibC.Lock(Base, length) == 0, "mlock", Capacity);
        Check(LibC.Advise(Base, length, LibC.AdviseDontDump) == 0, "madvise(MADV_DONTDUMP)", Capacity);
        Check(LibC.Advise(Base, length, LibC.AdviseWipeOnFork) == 0, "madvise(MADV_WIPEONFORK)", Capacity);
    }

    private unsafe void MapSecret(int descriptor)
    {
        Check(LibC.Truncate(descriptor, Capacity) == 0, "ftruncate", Capacity);
        MapOver(LibC.MapShared | LibC.MapFixed, descriptor);
        // A shared mapping cannot be wiped on fork; a child is not given it at all.
        Check(LibC.Advise(Base, (nuint)Capacity, LibC.AdviseDontFork) == 0, "madvise(MADV_DONTFORK)", Capacity);
        // The kernel fills these pages at first touch and has no call that fills them ahead: a shortage shows now, not in mid-work.
        for (long offset = 0; offset < Capacity; offset += PageSize)
            Volatile.Write(ref *(byte*)(Base + (nint)offset), 0);
    }

    private void MapOver(int flags, int descriptor) =>
        Check(LibC.Map(Base, (nuint)Capacity, LibC.ProtReadWrite, flags, descriptor, 0) == Base, "mmap", Capacity);
}
