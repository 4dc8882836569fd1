using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>
/// AES-256-GCM, found once: the runtime's own object finds it again for each message, and that costs three times what sealing does. The
/// context lives for one call; freeing it clears the key schedule.
/// </summary>
internal static unsafe partial class LibCrypto
{
    internal const int Encrypts = 1;
    internal const int Decrypts = 0;

    private const int GetTag = 0x10;
    private const int SetTag = 0x11;

    private static readonly nint Gcm = FetchCipher(0, "AES-256-GCM", 0);

    /// <summary>Begins with a key and a nonce of 12 bytes, the length that the library takes for granted.</summary>
    internal static nint BeginGcm(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, int direction)
    {
        var context = NewGcm();
        try
        {
            BeginGcm(context, key, nonce, direction);
            return context;
        }
        catch
        {
            FreeCipherContext(context);
            throw;
        }
    }

    /// <summary>A context that has no key yet.</summary>
    internal static nint NewGcm()
    {
        Check(Gcm != 0, "EVP_CIPHER_fetch");
        var context = NewCipherContext();
        Check(context != 0, "EVP_CIPHER_CTX_new");
        return context;
    }

    /// <summary>Begins in a context that is there; what it held of a message before is cleared and freed.</summary>
    internal static void BeginGcm(nint context, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, int direction)
    {
        fixed (byte* k = key, n = nonce)
            Check(InitCipher(context, Gcm, k, n, direction, 0) == 1, "EVP_CipherInit");
    }

    /// <summary>Begins again in a context that has begun before; the key schedule of the message before is written over.</summary>
    internal static void BeginAgain(nint context, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, int direction)
    {
        // The cipher that is not named again stays, with its memory.
        fixed (byte* k = key, n = nonce)
            Check(InitCipher(context, 0, k, n, direction, 0) == 1, "EVP_CipherInit");
    }

    /// <summary>Authenticates bytes that are not part of the text.</summary>
    internal static void Authenticate(nint context, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return;

        fixed (byte* from = data)
            Check(UpdateCipher(context, null, out _, from, data.Length) == 1, "EVP_CipherUpdate");
    }

    /// <summary>Encrypts or decrypts; the output is as long as the input.</summary>
    internal static void Transform(nint context, ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (input.IsEmpty)
            return;

        fixed (byte* from = input, to = output)
            Check(UpdateCipher(context, to, out var written, from, input.Length) == 1 && written == input.Length, "EVP_CipherUpdate");
    }

    /// <summary>Ends an encryption: its tag.</summary>
    internal static void End(nint context, Span<byte> tag)
    {
        byte none;
        Check(FinishCipher(context, &none, out _) == 1, "EVP_CipherFinal");
        fixed (byte* to = tag)
            Check(ControlCipher(context, GetTag, tag.Length, to) == 1, "EVP_CTRL_AEAD_GET_TAG");
    }

    /// <summary>Ends a decryption: whether everything was authentic.</summary>
    internal static bool TryEnd(nint context, ReadOnlySpan<byte> tag)
    {
        fixed (byte* expected = tag)
            Check(ControlCipher(context, SetTag, tag.Length, expected) == 1, "EVP_CTRL_AEAD_SET_TAG");
        byte none;
        if (FinishCipher(context, &none, out _) == 1)
            return true;

        ForgetErrors();
        return false;
    }

    [LibraryImport(Name, EntryPoint = "EVP_CIPHER_CTX_free")]
    internal static partial void FreeCipherContext(nint context);

    [LibraryImport(Name, EntryPoint = "EVP_CIPHER_fetch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FetchCipher(nint library, string algorithm, nint properties);

    [LibraryImport(Name, EntryPoint = "EVP_CIPHER_CTX_new")]
    private static partial nint NewCipherContext();

    [LibraryImport(Name, EntryPoint = "EVP_CipherInit_ex2")]
    private static partial int InitCipher(nint context, nint cipher, byte* key, byte* nonce, int direction, nint parameters);

    [LibraryImport(Name, EntryPoint = "EVP_CipherUpdate")]
    private static partial int UpdateCipher(nint context, byte* output, out int written, byte* input, int length);

    [LibraryImport(Name, EntryPoint = "EVP_CipherFinal_ex")]
    private static partial int FinishCipher(nint context, byte* output, out int written);

    [LibraryImport(Name, EntryPoint = "EVP_CIPHER_CTX_ctrl")]
    private static partial int ControlCipher(nint context, int type, int length, byte* tag);
}
