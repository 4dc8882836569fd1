using System.Runtime.InteropServices;
using Broker.Agent.Native;
using Broker.Secrets;

namespace Broker.Agent.Processes;

/// <summary>
/// A memory file whose content is replaced while the child that reads it runs. It is not sealed: a program that is told of its new
/// content by a signal could write or cut it too, and harm itself; so nothing here maps it, which a cut would make fatal.
/// </summary>
internal sealed unsafe class ChangingMemoryFile : IMemoryFile
{
    private int _descriptor;
    private int _length;

    private ChangingMemoryFile(int descriptor) => _descriptor = descriptor;

    /// <inheritdoc/>
    public int Descriptor => _descriptor >= 0 ? _descriptor : throw new ObjectDisposedException(nameof(ChangingMemoryFile));

    /// <summary>Makes the file of a secret; the buffer stays the caller's to wipe.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal static ChangingMemoryFile Create(SecretBuffer content)
    {
        var file = new ChangingMemoryFile(MemoryFile.Open());
        try
        {
            file.Replace(content);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Another content, straight from locked memory into the kernel; the buffer stays the caller's to wipe.</summary>
    /// <exception cref="NativeException">The kernel refused: the content may be either, or cut.</exception>
    internal void Replace(SecretBuffer content)
    {
        Overwrite(content.Length);
        MemoryFile.WriteAll(Descriptor, content.Span, 0);
        NativeException.Check(LibC.Truncate(Descriptor, content.Length) == 0, "ftruncate");
        _length = content.Length;
    }

    /// <summary>The content, in locked memory that the caller owns; shorter where the child cut it.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal SecretBuffer Read()
    {
        var content = SecretBuffer.Allocate(_length);
        try
        {
            fixed (byte* bytes = content.Span)
            {
                for (var read = 0; read < _length;)
                {
                    var count = LibC.ReadAt(Descriptor, bytes + read, (nuint)(_length - read), read);
                    NativeException.Check(count >= 0 || Marshal.GetLastPInvokeError() == LibC.ErrorInterrupted, "read of a memory file");
                    if (count == 0)
                        break;
                    read += Math.Max(0, (int)count);
                }
            }

            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor < 0)
            return;

        try
        {
            Overwrite(0);
        }
        catch (NativeException)
        {
            // Whoever else holds a descriptor holds a credential that was meant for the same program.
        }

        _ = LibC.Close(_descriptor);
        _descriptor = -1;
    }

    // What a later content does not cover is overwritten before it is cut off: its page may stay with who has read it.
    private void Overwrite(int from)
    {
        Span<byte> zeros = stackalloc byte[512];
        zeros.Clear();
        for (var at = from; at < _length; at += zeros.Length)
            MemoryFile.WriteAll(Descriptor, zeros[..Math.Min(zeros.Length, _length - at)], at);
    }
}
