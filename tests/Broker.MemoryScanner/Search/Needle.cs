namespace Broker.MemoryScanner;

/// <summary>A secret that is looked for: a name for the report and the exact bytes.</summary>
public sealed class Needle
{
    /// <summary>Shortest needle, in bytes: anything shorter is found by chance.</summary>
    public const int MinimumLength = 8;

    /// <summary>Longest needle, in bytes (1 MiB, the largest credential that the broker takes).</summary>
    public const int MaximumLength = 1 << 20;

    private readonly byte[] _bytes;

    /// <summary>Copies <paramref name="bytes"/>: the scanner holds its needles in plain managed memory and so never scans itself.</summary>
    /// <param name="name">What the report calls it; never the secret.</param>
    /// <param name="bytes">8 bytes to 1 MiB, of at least two different values.</param>
    /// <exception cref="ScanException">The needle would be found by chance, or is too long.</exception>
    public Needle(string name, ReadOnlySpan<byte> bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (bytes.Length < MinimumLength)
            throw new ScanException(
                $"needle '{name}' has {bytes.Length} bytes: give at least {MinimumLength}, shorter ones are found by chance");
        if (bytes.Length > MaximumLength)
            throw new ScanException($"needle '{name}' has {bytes.Length} bytes: give at most {MaximumLength}");
        if (!bytes.ContainsAnyExcept(bytes[0]))
            throw new ScanException($"needle '{name}' repeats one byte: give one with at least two different bytes");
        Name = name;
        _bytes = bytes.ToArray();
    }

    /// <summary>What the report calls it.</summary>
    public string Name { get; }

    /// <summary>The bytes that are looked for.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads a needle from a file, byte for byte: a newline at its end is part of the needle.</summary>
    /// <exception cref="ScanException">The file cannot be read, or the needle is refused.</exception>
    public static Needle FromFile(string name, string path)
    {
        try
        {
            return new Needle(name, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ScanException($"needle '{name}' cannot be read from '{path}': {e.Message}", e);
        }
    }
}
