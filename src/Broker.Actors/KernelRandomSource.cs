using System.Runtime.InteropServices;

namespace Broker.Actors;

/// <summary><c>getrandom(2)</c> in pieces of 256 bytes, the size up to which the kernel does not cut a request short.</summary>
internal sealed partial class KernelRandomSource : RandomSource
{
    private const int Piece = 256;
    private const int Interrupted = 4;

    public override void Fill(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var written = GetRandom(destination, (nuint)Math.Min(destination.Length, Piece), 0);
            if (written > 0)
                destination = destination[(int)written..];
            else if (Marshal.GetLastPInvokeError() != Interrupted)
                throw new InvalidOperationException($"the kernel gives no random bytes (error {Marshal.GetLastPInvokeError()})");
        }
    }

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    private static partial nint GetRandom(Span<byte> buffer, nuint length, uint flags);
}
