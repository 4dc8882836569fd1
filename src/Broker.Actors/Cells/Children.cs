namespace Broker.Actors;

/// <summary>The children of one cell by name. Thread-safe, because whoever has the system spawns under the guardian.</summary>
internal sealed class Children
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Cell> _byName = [];
    private bool _closed;
    private int _generatedNames;

    /// <summary>Stands for the children of an actor that ended its life without ever having had one.</summary>
    public static Children None { get; } = new() { _closed = true };

    public int Count
    {
        get
        {
            lock (_gate)
                return _byName.Count;
        }
    }

    /// <summary>How many were stopped by their parent and have not ended yet.</summary>
    public int Dying { get; private set; }

    /// <summary>Reserves the name and makes the cell.</summary>
    public Cell<T> Add<T>(Cell parent, string? name, Props<T> props) where T : notnull
    {
        lock (_gate)
        {
            if (_closed)
                throw new InvalidOperationException($"{parent.Path} is ending and takes no more children");
            name ??= $"${_generatedNames++}";
            if (_byName.ContainsKey(name))
                throw new ActorNameInUseException(new ActorPath(parent.Path, name));
            var child = new Cell<T>(parent.System, parent, name, props);
            _byName.Add(name, child);
            return child;
        }
    }

    public bool Remove(Cell child)
    {
        lock (_gate)
        {
            if (!HasNeedsLock(child))
                return false;
            if (child.IsDying)
                Dying--;
            return _byName.Remove(child.Name);
        }
    }

    public void MarkDying(Cell child)
    {
        lock (_gate)
        {
            if (!HasNeedsLock(child) || child.IsDying)
                return;
            child.IsDying = true;
            Dying++;
        }
    }

    public bool HasLiving(Cell child)
    {
        lock (_gate)
            return HasNeedsLock(child) && !child.IsDying;
    }

    public List<Cell> Living()
    {
        lock (_gate)
            return [.. _byName.Values.Where(static cell => !cell.IsDying)];
    }

    public List<IActorRef> Refs()
    {
        lock (_gate)
            return [.. _byName.Values.Select(static cell => cell.Ref)];
    }

    public void Close()
    {
        lock (_gate)
            _closed = true;
    }

    /// <summary>An earlier child of the same name, and a child of somebody else, are not among these.</summary>
    private bool HasNeedsLock(Cell child) => _byName.TryGetValue(child.Name, out var found) && ReferenceEquals(found, child);
}
