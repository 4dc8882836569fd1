using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Broker.Agent.Native;
using Broker.Secrets;

namespace Broker.Agent.Processes;

/// <summary>
/// A file that exists only in memory (memfd), mode 0600, sealed: whoever holds a descriptor can read it, nobody can write, grow or
/// shrink it any more. The content goes from locked memory into the kernel by pwrite(2), with no copy on the way.
/// </summary>
/// <remarks>
/// When the use ends the content is overwritten, so that a process that escaped with a descriptor reads zeros. The seal against
/// writing is F_SEAL_FUTURE_WRITE, which spares mappings that exist already: the one mapping that was made before is kept for that
/// purpose only, unreadable (PROT_NONE) until then. With F_SEAL_WRITE nobody could overwrite, and the pages would go back to the
/// kernel's free list as they are, and only after the last holder's close.
/// </remarks>
internal sealed unsafe class MemoryFile : IMemoryFile
{
    /// <summary>Descriptors of memory files are this or higher, above every number that a child is given them under.</summary>
    internal const int LowestDescriptor = 64;

    private const uint OwnerReadsAndWrites = 0x180;
    private const int Seals = LibC.SealFutureWrite | LibC.SealGrow | LibC.SealShrink | LibC.SealSeal;

    private readonly nuint _length;
    private nint _mapping;
    private int _descriptor = -1;

    private MemoryFile(int length) => _length = (nuint)length;

    /// <inheritdoc/>
    public int Descriptor => _descriptor >= 0 ? _descriptor : throw new ObjectDisposedException(nameof(MemoryFile));

    /// <summary>Makes the file of a secret; the buffer stays the caller's to wipe.</summary>
    /// <exception cref="NativeException">The kernel refused: too many descriptors, no memory, or Linux before 5.1.</exception>
    internal static MemoryFile Create(SecretBuffer content)
    {
        var file = new MemoryFile(content.Length);
        try
        {
            file.Fill(content.Span);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Overwrites the content for every holder, then closes. Calling it again does nothing.</summary>
    public void Dispose()
    {
        var mapping = Interlocked.Exchange(ref _mapping, 0);
        if (mapping != 0)
        {
            if (LibC.Protect(mapping, _length, LibC.ProtReadWrite) == 0)
                CryptographicOperations.ZeroMemory(new Span<byte>((void*)mapping, (int)_length));
            _ = LibC.Unmap(mapping, _length);
        }

        var descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
            _ = LibC.Close(descriptor);
    }

    /// <summary>A new memory file of mode 0600, empty, its descriptor above those of children.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal static int Open()
    {
        fixed (byte* name = "credential\0"u8)
        {
            var low = LibC.MemfdCreate(name, LibC.MemfdCloseOnExec | LibC.MemfdAllowSealing);
            NativeException.Check(low >= 0, "memfd_create");
            var descriptor = LibC.Control(low, LibC.DuplicateCloseOnExec, LowestDescriptor);
            var error = Marshal.GetLastPInvokeError();
            _ = LibC.Close(low);
            if (descriptor < 0)
                throw new NativeException("fcntl(F_DUPFD_CLOEXEC)", error);
            if (LibC.ChangeMode(descriptor, OwnerReadsAndWrites) == 0)
                return descriptor;
            error = Marshal.GetLastPInvokeError();
            _ = LibC.Close(descriptor);
            throw new NativeException("fchmod", error);
        }
    }

    private void Fill(ReadOnlySpan<byte> content)
    {
        _descriptor = Open();
        if (!content.IsEmpty)
            Reserve();
        WriteAll(_descriptor, content, 0);
        NativeException.Check(LibC.Control(_descriptor, LibC.AddSeals, Seals) == 0, "fcntl(F_ADD_SEALS)");
    }

    private void Reserve()
    {
        NativeException.Check(LibC.Truncate(_descriptor, (long)_length) == 0, "ftruncate");
        var mapping = LibC.Map(0, _length, LibC.ProtReadWrite, LibC.MapShared, _descriptor, 0);
        NativeException.Check(mapping != LibC.MapFailed, "mmap");
        _mapping = mapping;
        NativeException.Check(LibC.Advise(mapping, _length, LibC.AdviseDontDump) == 0, "madvise(MADV_DONTDUMP)");
        NativeException.Check(LibC.Advise(mapping, _length, LibC.AdviseDontFork) == 0, "madvise(MADV_DONTFORK)");
        NativeException.Check(LibC.Protect(mapping, _length, LibC.ProtNone) == 0, "mprotect");
    }

    /// <summary>Writes at a position, so that a child that reads the descriptor itself begins at the start.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal static void WriteAll(int descriptor, ReadOnlySpan<byte> content, int at)
    {
        fixed (byte* bytes = content)
        {
            for (var written = 0; written < content.Length;)
            {
                var count = LibC.WriteAt(descriptor, bytes + written, (nuint)(content.Length - written), at + written);
                if (count > 0)
                    written += (int)count;
                else
                    NativeException.Check(Marshal.GetLastPInvokeError() == LibC.ErrorInterrupted, "write to a memory file");
            }
        }
    }
}
