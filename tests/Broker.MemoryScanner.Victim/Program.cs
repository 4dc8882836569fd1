using System.Globalization;
using System.Security.Cryptography;

namespace Broker.MemoryScanner.Victim;

/// <summary>
/// Holds one secret in one form until it is told to wipe it: <c>scan-victim FORM MASKED</c>, where MASKED is the secret in hex, each byte
/// XORed with <see cref="Mask"/>, so that no other form of it ever is in this process. Says "holds", or "unsupported" where the kernel
/// lacks that memory, then "wiped" after a line on standard input, and ends when that closes.
/// </summary>
internal static class Program
{
    private const byte Mask = 0x5A;

    public static int Main(string[] arguments)
    {
        var secret = Unmask(arguments[1]);
        var wipe = HeldForms.Make(arguments[0], secret);
        CryptographicOperations.ZeroMemory(secret);
        Console.WriteLine(wipe is null ? "unsupported" : "holds");
        Console.ReadLine();
        wipe?.Invoke();
        Console.WriteLine("wiped");
        Console.ReadLine();
        return 0;
    }

    private static byte[] Unmask(string masked)
    {
        var secret = GC.AllocateArray<byte>(masked.Length / 2, pinned: true);
        for (var i = 0; i < secret.Length; i++)
            secret[i] = (byte)(byte.Parse(masked.AsSpan(2 * i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) ^ Mask);
        return secret;
    }
}
