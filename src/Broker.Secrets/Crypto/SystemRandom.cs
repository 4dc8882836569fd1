using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>The kernel's random numbers, written straight into the caller's memory.</summary>
public static class SystemRandom
{
    /// <summary>Fills the span by <c>getrandom(2)</c>, with no copy on the way.</summary>
    /// <param name="destination">What to fill.</param>
    /// <exception cref="CryptographicException">The kernel has no such call.</exception>
    public static unsafe void Fill(Span<byte> destination)
    {
        fixed (byte* bytes = destination)
        {
            var filled = 0;
            while (filled < destination.Length)
            {
                var got = LibC.GetRandom(bytes + filled, (nuint)(destination.Length - filled), 0);
                if (got >= 0)
                    filled += (int)got;
                else if (Marshal.GetLastPInvokeError() is not LibC.ErrorInterrupted and var error)
                    throw new CryptographicException($"getrandom failed with errno {error}; Linux 3.17 or later is needed");
            }
        }
    }
}
