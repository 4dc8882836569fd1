using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Broker.Configuration.Syntax;

/// <summary>Reads the bytes of one file: bounded, and strict about UTF-8.</summary>
internal static class SourceFile
{
    /// <summary>Returns the text, or null: the file may be absent, or an error was added.</summary>
    public static string? Read(string file, HoconOrigin origin, bool required, int limit, ErrorList errors)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var bytes = new byte[limit + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > limit)
                errors.Add(origin, $"'{file}' has more than {limit} bytes");
            else if (FindInvalid(bytes.AsSpan(0, length)) is not { } invalid)
                return Encoding.UTF8.GetString(bytes, 0, length);
            else
                errors.Add(new HoconOrigin(file, invalid.Line, invalid.Column), "the file is not valid UTF-8 here");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            if (required)
                errors.Add(origin, $"there is no file '{file}'");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.Add(origin, $"'{file}' cannot be read; check that it is a file and its permissions");
        }
        return null;
    }

    private static (int Line, int Column)? FindInvalid(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            return null;
        var (line, column) = (1, 1);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var used) != OperationStatus.Done)
                return (line, column);
            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + rune.Utf16SequenceLength);
            bytes = bytes[used..];
        }
        return null;
    }
}
