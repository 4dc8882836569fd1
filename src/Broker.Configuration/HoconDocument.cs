using Broker.Configuration.Resolution;
using Broker.Configuration.Syntax;

namespace Broker.Configuration;

/// <summary>
/// A configuration that was read, merged and resolved. Follows the public HOCON specification; the README lists where it
/// is stricter.
/// </summary>
public sealed class HoconDocument
{
    private HoconDocument(HoconObject root, IReadOnlyList<string> files)
    {
        Root = root;
        Files = files;
    }

    /// <summary>The merged, resolved content.</summary>
    public HoconObject Root { get; }

    /// <summary>Every file that was read, included ones too, in the order of reading.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>
    /// Reads files as layers: what a later one sets overrides, and objects in several are merged. Substitutions are resolved
    /// over all of them together.
    /// </summary>
    /// <param name="files">The files, lowest layer first; each must exist.</param>
    /// <param name="environment">Looks up a name that a substitution has and no file sets; null where there is none.</param>
    /// <param name="limits">Bounds, or null for <see cref="HoconLimits.Default"/>.</param>
    /// <exception cref="HoconException">Something is wrong; it lists everything that is.</exception>
    public static HoconDocument Load(IReadOnlyList<string> files, Func<string, string?> environment, HoconLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Read(files.Count == 0 ? "" : files[^1], environment, limits, (loader, root) =>
        {
            foreach (var file in files)
                loader.ReadFile(file, root);
        });
    }

    /// <summary>Reads text. It cannot include files.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What errors call it in place of a file.</param>
    /// <param name="environment">As for <see cref="Load"/>; null for an empty one.</param>
    /// <param name="limits">Bounds, or null for <see cref="HoconLimits.Default"/>.</param>
    /// <exception cref="HoconException">Something is wrong; it lists everything that is.</exception>
    public static HoconDocument Parse(string text, string name, Func<string, string?>? environment = null, HoconLimits? limits = null) =>
        Read(name, environment ?? (_ => null), limits, (loader, root) => loader.ReadText(name, text, root));

    /// <summary>Looks up a value.</summary>
    /// <param name="path">Keys joined by dots, in quotes where a key has other characters than letters, digits, '-' and '_'.</param>
    /// <returns>The value, which may be a scalar null, or null if nothing sets it.</returns>
    /// <exception cref="ArgumentException">The path is malformed.</exception>
    public HoconValue? Find(string path)
    {
        HoconValue value = Root;
        foreach (var key in HoconPath.Parse(path))
        {
            if (value is not HoconObject inner || !inner.TryGet(key, out var field))
                return null;
            value = field.Value;
        }
        return value;
    }

    private static HoconDocument Read(string name, Func<string, string?> environment, HoconLimits? limits, Action<Loader, ObjectNode> read)
    {
        var bounds = limits ?? HoconLimits.Default;
        var loader = new Loader(bounds);
        var root = new ObjectNode(new HoconOrigin(name, 1, 1));
        read(loader, root);

        // What could not be parsed is missing for the substitutions: resolving would report more that is not wrong.
        loader.Errors.ThrowIfAny();
        var resolved = new Resolver(root, bounds, loader.Errors, environment).Resolve();
        loader.Errors.ThrowIfAny();
        return new HoconDocument(resolved, loader.Files);
    }
}
