namespace Broker.Configuration;

// Objects whose keys are names that the user chose and whose values are single settings.
public sealed partial class SettingsReader
{
    /// <summary>
    /// The named texts in an object, in their order; a text may be empty. None if it is missing. A name set to null is left out.
    /// </summary>
    /// <param name="path">The object.</param>
    public IReadOnlyList<KeyValuePair<string, string>> TextMap(string path)
    {
        var found = Ask(path);
        if (found.Value is not HoconObject map)
        {
            if (found.Value is not null)
                Report(found, $"must be an object of named texts, not {found.Value.Describe()}");
            return [];
        }

        var texts = new List<KeyValuePair<string, string>>();
        foreach (var field in map.Fields)
        {
            string[] keys = [.. found.Keys, field.Key];
            _log.Ask(keys);
            if (field.Value is not HoconScalar { Kind: HoconKind.Null }
                && TryConvert<string>(new Found(keys, field.Value, field.Value.Origin), "text", AnyText, out var text))
                texts.Add(new(field.Key, text));
        }

        return texts;
    }

    private static string? AnyText(string text, HoconOrigin origin, out string value)
    {
        value = text;
        return null;
    }
}
