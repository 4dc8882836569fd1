using System.Text.Json;

namespace Broker.Secrets.Tests;

/// <summary>Published test vectors, which lie outside the repository: beside it in shared/vectors, or where BROKER_VECTORS says.</summary>
internal static class Vectors
{
    /// <summary>Reads a file of vectors, or skips the test where it is absent.</summary>
    internal static JsonElement Read(string name)
    {
        var path = Folder() is { } folder ? Path.Combine(folder, name) : null;
        Skip.If(path is null || !File.Exists(path), $"test vectors {name} are not here; set BROKER_VECTORS to their folder");
        using var document = JsonDocument.Parse(File.ReadAllText(path!));
        return document.RootElement.Clone();
    }

    internal static byte[] Hex(this JsonElement element, string property) =>
        Convert.FromHexString(element.GetProperty(property).GetString()!);

    private static string? Folder()
    {
        if (Environment.GetEnvironmentVariable("BROKER_VECTORS") is { Length: > 0 } named)
            return named;

        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Broker.sln")))
                return at.Parent is { } parent ? Path.Combine(parent.FullName, "shared", "vectors") : null;
        }

        return null;
    }
}
