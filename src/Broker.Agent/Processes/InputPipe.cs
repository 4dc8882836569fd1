using System.Runtime.InteropServices;
using Broker.Agent.Native;
using Broker.Secrets;

namespace Broker.Agent.Processes;

/// <summary>A pipe that carries one secret to a child's standard input and is then closed, so that the child reads it to its end.</summary>
internal sealed unsafe class InputPipe : IDisposable
{
    private const int LargestPipe = 1 << 20;
    private const int PollMilliseconds = 50;

    private int _read = -1;
    private int _write = -1;

    /// <summary>Makes the pipe, wide enough for <paramref name="expected"/> bytes where the kernel lets it.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal InputPipe(int expected)
    {
        var ends = stackalloc int[2];
        NativeException.Check(LibC.Pipe(ends, LibC.OpenCloseOnExec) == 0, "pipe2");
        (_read, _write) = (ends[0], ends[1]);
        // Not to block a thread on a child that does not read; refused over the user's quota, and then only slower.
        _ = LibC.Control(_write, LibC.SetPipeSize, Math.Clamp(expected, 4096, LargestPipe));
    }

    /// <summary>For the spawner: the child's end, until <see cref="CloseRead"/>.</summary>
    internal int ReadDescriptor => _read;

    /// <summary>Closes this process's copy of the child's end, without which a dead child would never be noticed.</summary>
    internal void CloseRead() => CloseOnce(ref _read);

    /// <summary>
    /// Writes the content and closes. Blocks the calling thread for as long as the child takes to read what does not fit into the pipe.
    /// </summary>
    /// <param name="content">Stays the caller's to wipe, after the call.</param>
    /// <param name="cancellation">Ends the wait within a few tens of milliseconds.</param>
    /// <returns>False where the child closed its end, or the wait was cancelled, before all was written.</returns>
    /// <exception cref="NativeException">The kernel refused for another reason.</exception>
    internal bool WriteAll(SecretBuffer content, CancellationToken cancellation)
    {
        try
        {
            NativeException.Check(LibC.Control(_write, LibC.SetStatusFlags, LibC.OpenNonBlocking) == 0, "fcntl(F_SETFL)");
            return WriteAll(content.Span, cancellation);
        }
        finally
        {
            CloseOnce(ref _write);
        }
    }

    /// <summary>Closes both ends.</summary>
    public void Dispose()
    {
        CloseRead();
        CloseOnce(ref _write);
    }

    private static void CloseOnce(ref int descriptor)
    {
        var value = Interlocked.Exchange(ref descriptor, -1);
        if (value >= 0)
            _ = LibC.Close(value);
    }

    private bool WriteAll(ReadOnlySpan<byte> content, CancellationToken cancellation)
    {
        fixed (byte* bytes = content)
        {
            for (var written = 0; written < content.Length;)
            {
                if (cancellation.IsCancellationRequested)
                    return false;

                var count = LibC.Write(_write, bytes + written, (nuint)(content.Length - written));
                if (count > 0)
                {
                    written += (int)count;
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case LibC.ErrorPipe:
                        return false;
                    case LibC.ErrorAgain:
                        var entry = new LibC.PollEntry { Descriptor = _write, Wanted = LibC.PollOut };
                        _ = LibC.Poll(&entry, 1, PollMilliseconds);
                        break;
                    case LibC.ErrorInterrupted:
                        break;
                    case var error:
                        throw new NativeException("write to a pipe", error);
                }
            }
        }

        return true;
    }
}
