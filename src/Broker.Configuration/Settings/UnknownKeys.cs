namespace Broker.Configuration.Settings;

/// <summary>Finds the keys that a document has and nobody asked for.</summary>
internal sealed class UnknownKeys(SettingsLog log)
{
    private readonly HashSet<string> _onTheWay =
        [.. log.Asked.SelectMany(keys => Enumerable.Range(1, keys.Length - 1).Select(length => HoconPath.Render(keys.Take(length))))];

    /// <summary>Lists them under one root. Of an unknown object only its own key is listed.</summary>
    public IEnumerable<HoconError> Under(HoconObject root, string[] keys)
    {
        HoconValue value = root;
        foreach (var key in keys)
        {
            if (value is not HoconObject inner || !inner.TryGet(key, out var field))
                return [];
            value = field.Value;
        }
        return log.IsExempt(HoconPath.Render(keys)) ? [] : In(value, keys);
    }

    private IEnumerable<HoconError> In(HoconValue value, string[] keys) => value switch
    {
        HoconObject inner => inner.Fields.SelectMany(field => At([.. keys, field.Key], field.KeyOrigin, field.Value)),
        HoconArray list => list.Items.SelectMany((item, index) => ItemAt([.. keys, $"[{index}]"], item)),
        _ => [],
    };

    private IEnumerable<HoconError> At(string[] keys, HoconOrigin origin, HoconValue value)
    {
        var path = HoconPath.Render(keys);
        if (log.IsExempt(path))
            return [];
        if (_onTheWay.Contains(path))
            return In(value, keys);
        return log.WasAsked(path) ? [] : [new HoconError(origin, "unknown key" + Suggest(keys), path)];
    }

    /// <summary>The elements of a list are settings of their own only if somebody read them as sections.</summary>
    private IEnumerable<HoconError> ItemAt(string[] keys, HoconValue value) =>
        _onTheWay.Contains(HoconPath.Render(keys)) ? In(value, keys) : [];

    private string Suggest(string[] keys)
    {
        var parent = keys.AsSpan(0, keys.Length - 1);
        var siblings = new HashSet<string>();
        foreach (var asked in log.Asked)
        {
            if (asked.Length > parent.Length && asked.AsSpan(0, parent.Length).SequenceEqual(parent))
                siblings.Add(asked[parent.Length]);
        }
        if (Likeness.Nearest(keys[^1], siblings) is { } near)
            return $"; did you mean '{near}'?";
        var elsewhere = log.Asked.Where(asked => asked[^1] == keys[^1]).Select(HoconPath.Render).Min(StringComparer.Ordinal);
        return elsewhere is null ? "; remove it" : $"; did you mean '{elsewhere}'?";
    }
}
