namespace Broker.Configuration.Settings;

/// <summary>What the readers of one document share: the paths that were asked for and what was wrong.</summary>
internal sealed class SettingsLog
{
    private readonly Dictionary<string, string[]> _asked = [];
    private readonly HashSet<string> _exempt = [];

    public List<HoconError> Problems { get; } = [];

    /// <summary>All paths that were asked for, present or not.</summary>
    public IEnumerable<string[]> Asked => _asked.Values;

    public void Ask(string[] keys) => _asked.TryAdd(HoconPath.Render(keys), keys);

    public void Exempt(string[] keys)
    {
        Ask(keys);
        _exempt.Add(HoconPath.Render(keys));
    }

    public bool WasAsked(string path) => _asked.ContainsKey(path);

    public bool IsExempt(string path) => _exempt.Contains(path);
}
