using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Broker.MemoryScanner.Victim;

/// <summary>The forms in which the victim can hold its secret. Each is made without any other copy.</summary>
internal static unsafe class HeldForms
{
    /// <summary>Makes a form; the result wipes it and keeps its memory mapped. Null when the kernel has no such memory.</summary>
    public static Action? Make(string form, byte[] secret) => form switch
    {
        "array" => Array(secret.Length, array => secret.CopyTo(array, 0)),
        "base64" => Array(Base64.GetMaxEncodedToUtf8Length(secret.Length), text => Base64.EncodeToUtf8(secret, text, out _, out _)),
        "hex" => Array(2 * secret.Length, text => Convert.TryToHexStringLower(secret, text, out _)),
        "string" => Text(Encoding.Latin1.GetString(secret)),
        "base64-string" => Text(Convert.ToBase64String(secret)),
        "native" => At((byte*)NativeMemory.Alloc((nuint)secret.Length), secret),
        "locked" => At(NativePages.MapLocked(), secret),
        "across-pages" => At(NativePages.MapLocked() + NativePages.PageSize - (secret.Length / 2), secret),
        "unreadable" => Unreadable(secret),
        "memfd" => NativePages.HoldInFile(secret, mapped: false),
        "shared-mapping" => NativePages.HoldInFile(secret, mapped: true),
        "memfd-secret" => NativePages.MapHidden() is var page && page != null ? At(page, secret) : null,
        _ => throw new ArgumentException($"no form '{form}'"),
    };

    private static Action Array(int length, Action<byte[]> write)
    {
        var array = GC.AllocateArray<byte>(length, pinned: true);
        write(array);
        return () => CryptographicOperations.ZeroMemory(array);
    }

    private static Action Text(string text)
    {
        var pin = GCHandle.Alloc(text, GCHandleType.Pinned);
        return () => Wipe((byte*)pin.AddrOfPinnedObject(), 2 * text.Length);
    }

    private static Action At(byte* memory, byte[] secret)
    {
        secret.CopyTo(new Span<byte>(memory, secret.Length));
        var length = secret.Length;
        return () => Wipe(memory, length);
    }

    private static Action Unreadable(byte[] secret)
    {
        var page = NativePages.MapLocked();
        var wipe = At(page, secret);
        NativePages.Forbid(page);
        return () =>
        {
            NativePages.Allow(page);
            wipe();
        };
    }

    private static void Wipe(byte* memory, int length) => CryptographicOperations.ZeroMemory(new Span<byte>(memory, length));
}
