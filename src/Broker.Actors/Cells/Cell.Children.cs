namespace Broker.Actors;

/// <summary>The parent's side of its children. The container is made with the first child: most actors never have one.</summary>
internal abstract partial class Cell
{
    private Children? _children;

    /// <summary>Stopped by its parent. Kept and read under the lock of the parent's <see cref="Actors.Children"/>.</summary>
    public bool IsDying { get; set; }

    public IReadOnlyList<IActorRef> Children => _children?.Refs() ?? [];

    public IReadOnlyList<Cell> LivingChildren => _children?.Living() ?? [];

    private int ChildCount => _children?.Count ?? 0;

    private int DyingCount => _children?.Dying ?? 0;

    public Cell<TChild> SpawnChild<TChild>(Props<TChild> props, string? name) where TChild : notnull
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null)
            ActorPath.ThrowIfNotAName(name);
        if (_children is null)
            Interlocked.CompareExchange(ref _children, new Children(), null);
        var child = _children.Add(this, name, props);
        child.SendSystem(new CreateMessage());
        return child;
    }

    public void StopChild(Cell child)
    {
        _children?.MarkDying(child);
        child.RequestStop();
    }

    private void StopChildren()
    {
        foreach (var child in LivingChildren)
            StopChild(child);
    }

    private void CloseChildren()
    {
        if (Interlocked.CompareExchange(ref _children, Actors.Children.None, null) is { } children)
            children.Close();
    }
}
