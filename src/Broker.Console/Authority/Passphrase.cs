using System.Security.Cryptography;
using System.Text;
using Broker.Console.Shell;
using Broker.Links.Identity;

namespace Broker.Console.Authority;

/// <summary>The passphrase of the root key: UTF-8 bytes in a pinned array that is zeroed at the end.</summary>
internal sealed class Passphrase : IDisposable
{
    private const int MinCharacters = 12;
    private const int MaxCharacters = 512;

    private readonly byte[] _bytes;
    private readonly int _length;

    private Passphrase(byte[] bytes, int length)
    {
        _bytes = bytes;
        _length = length;
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Reads the first line of a file that only its owner may read.</summary>
    /// <exception cref="InstallationKeyException">The file cannot be read, or others may read it.</exception>
    /// <exception cref="CommandException">It is empty or too short.</exception>
    public static Passphrase FromFile(string path)
    {
        var bytes = PemFiles.ReadPrivate(path);
        var end = bytes.AsSpan().IndexOfAny((byte)'\n', (byte)'\r');
        return Checked(new Passphrase(bytes, end < 0 ? bytes.Length : end));
    }

    /// <summary>Asks at the terminal without echo.</summary>
    /// <param name="prompt">Where the question goes: not standard output, which may be a file.</param>
    /// <param name="confirm">Asks twice and compares, for a new passphrase.</param>
    /// <exception cref="CommandException">There is no terminal, the answers differ, or the answer is too short.</exception>
    public static Passphrase Ask(TextWriter prompt, bool confirm)
    {
        if (System.Console.IsInputRedirected)
            throw CommandException.Usage("there is no terminal to ask for the passphrase; name a file by --passphrase-file");
        var first = Read(prompt, "passphrase of the root key: ");
        if (!confirm)
            return Checked(first);
        using var second = Read(prompt, "the same again: ");
        if (first.Bytes.SequenceEqual(second.Bytes))
            return Checked(first);
        first.Dispose();
        throw CommandException.Usage("the two passphrases differ; run the command again");
    }

    /// <summary>Zeroes the bytes.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    private static Passphrase Checked(Passphrase passphrase)
    {
        if (passphrase._length >= MinCharacters)
            return passphrase;
        passphrase.Dispose();
        throw CommandException.Usage(
            $"the passphrase is shorter than {MinCharacters} characters; choose a longer one, several words for instance");
    }

    private static Passphrase Read(TextWriter prompt, string question)
    {
        var characters = GC.AllocateArray<char>(MaxCharacters, pinned: true);
        var bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetMaxByteCount(MaxCharacters), pinned: true);
        try
        {
            prompt.Write(question);
            var count = 0;
            while (System.Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
            {
                if (key.Key == ConsoleKey.Backspace)
                    count = Math.Max(count - 1, 0);
                else if (!char.IsControl(key.KeyChar) && count < MaxCharacters)
                    characters[count++] = key.KeyChar;
            }

            prompt.WriteLine();
            return new Passphrase(bytes, Encoding.UTF8.GetBytes(characters.AsSpan(0, count), bytes));
        }
        finally
        {
            characters.AsSpan().Clear();
        }
    }
}
