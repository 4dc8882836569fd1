namespace Broker.Simulation.Tests;

/// <summary>One table of the simulated database. Each change leaves how to take it back.</summary>
internal sealed class Table<TKey, TValue>(Stack<Action> undo)
    where TKey : notnull
    where TValue : class
{
    private readonly Dictionary<TKey, TValue> _rows = [];

    public IEnumerable<KeyValuePair<TKey, TValue>> Rows => _rows;

    public TValue? Find(TKey key) => _rows.GetValueOrDefault(key);

    public void Put(TKey key, TValue? value)
    {
        var before = _rows.GetValueOrDefault(key);
        Set(key, value);
        undo.Push(() => Set(key, before));
    }

    public bool TryAdd(TKey key, TValue value)
    {
        if (_rows.ContainsKey(key))
        {
            return false;
        }

        Put(key, value);
        return true;
    }

    private void Set(TKey key, TValue? value)
    {
        if (value is null)
        {
            _rows.Remove(key);
        }
        else
        {
            _rows[key] = value;
        }
    }
}
