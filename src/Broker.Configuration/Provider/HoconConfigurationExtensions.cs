using Microsoft.Extensions.Configuration;

namespace Broker.Configuration;

/// <summary>Adds HOCON to <c>Microsoft.Extensions.Configuration</c>.</summary>
public static class HoconConfigurationExtensions
{
    /// <summary>
    /// Adds a document, or one section of it. Keys are joined by ':', list elements have their index as key, and null has no
    /// value.
    /// </summary>
    /// <param name="builder">What to add to.</param>
    /// <param name="document">The resolved document.</param>
    /// <param name="section">The path of the section whose content is added; null for all. A section that is missing adds nothing.</param>
    /// <exception cref="HoconException">A key has a ':', or two differ only in case: they could not be told apart.</exception>
    public static IConfigurationBuilder AddHocon(this IConfigurationBuilder builder, HoconDocument document, string? section = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(document);
        return builder.Add(new HoconConfigurationSource(section is null ? document.Root : document.Find(section)));
    }

    /// <summary>Reads files as <see cref="HoconDocument.Load"/> does, at once, and adds what they say.</summary>
    /// <param name="builder">What to add to.</param>
    /// <param name="files">The files, lowest layer first; each must exist.</param>
    /// <param name="environment">Looks up a name that a substitution has and no file sets; null where there is none.</param>
    /// <exception cref="HoconException">Something is wrong with a file, or with a key as above.</exception>
    public static IConfigurationBuilder AddHocon(
        this IConfigurationBuilder builder, IReadOnlyList<string> files, Func<string, string?> environment) =>
        builder.AddHocon(HoconDocument.Load(files, environment));
}
