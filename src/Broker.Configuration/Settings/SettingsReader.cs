using Broker.Configuration.Settings;

namespace Broker.Configuration;

/// <summary>
/// Binds settings to options explicitly: each is asked for by its path and type. What is wrong is gathered, a placeholder is
/// returned in its place, and <see cref="ThrowIfInvalid"/> lists all of it at once, with the keys that nobody asked for.
/// Options that were built before must not be used when it throws. Not for concurrent use.
/// </summary>
/// <remarks>
/// A setting that is null counts as missing, and in the Optional methods an empty text does too, so that an empty environment
/// variable is as good as none. There are no defaults here: they belong in the lowest configuration file.
/// </remarks>
public sealed partial class SettingsReader
{
    private readonly SettingsLog _log;
    private readonly HoconObject _root;
    private readonly HoconValue _value;
    private readonly string[] _keys;

    /// <summary>Reads from the root of a document.</summary>
    /// <param name="document">The resolved document.</param>
    public SettingsReader(HoconDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        _log = new SettingsLog();
        _root = document.Root;
        _value = document.Root;
        _keys = [];
    }

    private SettingsReader(SettingsReader parent, HoconValue value, string[] keys)
    {
        _log = parent._log;
        _root = parent._root;
        _value = value;
        _keys = keys;
    }

    /// <summary>The last key of the section that this reads, for one of <see cref="Children"/> its name; empty at the root.</summary>
    public string Name => _keys.Length == 0 ? "" : _keys[^1];

    /// <summary>The path of the section that this reads; empty at the root.</summary>
    public string SectionPath => HoconPath.Render(_keys);

    /// <summary>A reader whose paths begin at <paramref name="path"/>. It shares what is gathered; the section need not be there.</summary>
    /// <param name="path">Relative to this reader, as all paths are.</param>
    public SettingsReader Section(string path)
    {
        var found = Look(path);
        return new SettingsReader(this, found.Value ?? new HoconScalar(found.Origin, HoconKind.Null, "null"), found.Keys);
    }

    /// <summary>As <see cref="Section"/>, or null if the section is missing or null.</summary>
    /// <param name="path">The path of the section.</param>
    public SettingsReader? OptionalSection(string path)
    {
        _log.Ask(Look(path).Keys);
        return Has(path) ? Section(path) : null;
    }

    /// <summary>
    /// Readers for the named sections in an object, in their order; none if it is missing. A name set to null is left out.
    /// </summary>
    /// <param name="path">The object whose keys are names that the user chose.</param>
    public IReadOnlyList<SettingsReader> Children(string path)
    {
        var found = Ask(path);
        if (found.Value is null)
            return [];
        if (found.Value is not HoconObject parent)
        {
            Report(found, $"must be an object of named sections, not {found.Value.Describe()}");
            return [];
        }
        var children = new List<SettingsReader>();
        foreach (var field in parent.Fields)
        {
            string[] keys = [.. found.Keys, field.Key];
            _log.Ask(keys);
            if (field.Value is HoconObject)
                children.Add(new SettingsReader(this, field.Value, keys));
            else if (field.Value is not HoconScalar { Kind: HoconKind.Null })
                Report(new Found(keys, field.Value, field.Value.Origin), $"must be an object, not {field.Value.Describe()}");
        }
        return children;
    }

    /// <summary>Readers for the objects in a list; none if it is missing. They are called <c>[0]</c>, <c>[1]</c>…</summary>
    /// <param name="path">The list.</param>
    public IReadOnlyList<SettingsReader> Items(string path)
    {
        var found = Ask(path);
        if (found.Value is null)
            return [];
        if (found.Value is not HoconArray list)
        {
            Report(found, $"must be a list of objects, not {found.Value.Describe()}");
            return [];
        }
        var items = new List<SettingsReader>();
        for (var i = 0; i < list.Items.Count; i++)
        {
            string[] keys = [.. found.Keys, $"[{i}]"];
            _log.Ask(keys);
            if (list.Items[i] is HoconObject item)
                items.Add(new SettingsReader(this, item, keys));
            else
                Report(new Found(keys, list.Items[i], list.Items[i].Origin), $"must be an object, not {list.Items[i].Describe()}");
        }
        return items;
    }

    /// <summary>Whether something other than null is set. Does not count as asking for it.</summary>
    /// <param name="path">The path of a setting or a section.</param>
    public bool Has(string path) => Look(path).Value is not null;

    /// <summary>Where a setting was set; if it was not, where the nearest section around it was.</summary>
    /// <param name="path">The path of a setting or a section.</param>
    public HoconOrigin OriginOf(string path) => Look(path).Origin;

    /// <summary>Leaves everything under a path to another reader: nothing there is unknown.</summary>
    /// <param name="path">The path of a setting or a section.</param>
    public void Exempt(string path) => _log.Exempt(Look(path).Keys);

    /// <summary>Adds a problem that only the caller can see, such as two settings that do not go together.</summary>
    /// <param name="path">The setting to change.</param>
    /// <param name="message">What is wrong and what to do, lower case, without secrets.</param>
    public void AddProblem(string path, string message) => Report(Look(path), message);

    /// <summary>Lists everything that was wrong so far, and every key that nobody asked for.</summary>
    /// <param name="roots">
    /// The sections, from the root of the document, in which all keys must be known; all of it if none is named.
    /// </param>
    /// <exception cref="HoconException">Something is wrong.</exception>
    public void ThrowIfInvalid(params ReadOnlySpan<string> roots)
    {
        var problems = new List<HoconError>(_log.Problems);
        var unknown = new UnknownKeys(_log);
        if (roots.IsEmpty)
            problems.AddRange(unknown.Under(_root, []));
        foreach (var root in roots)
            problems.AddRange(unknown.Under(_root, HoconPath.Parse(root)));
        if (problems.Count > 0)
            throw new HoconException(problems);
    }

    private Found Ask(string path)
    {
        var found = Look(path);
        _log.Ask(found.Keys);
        return found;
    }

    private Found Look(string path)
    {
        var relative = HoconPath.Parse(path);
        string[] keys = [.. _keys, .. relative];
        var value = _value;
        foreach (var key in relative)
        {
            if (value is not HoconObject section || !section.TryGet(key, out var field))
                return new Found(keys, null, value.Origin);
            value = field.Value;
        }
        return new Found(keys, value is HoconScalar { Kind: HoconKind.Null } ? null : value, value.Origin);
    }

    private void Report(Found found, string message) =>
        _log.Problems.Add(new HoconError(found.Origin, message, HoconPath.Render(found.Keys)));

    private readonly record struct Found(string[] Keys, HoconValue? Value, HoconOrigin Origin);
}
