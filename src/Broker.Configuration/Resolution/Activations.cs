namespace Broker.Configuration.Resolution;

/// <summary>
/// Which layers are being resolved, outermost first. A substitution that leads back to a field among them must see that
/// field as it was before the layer: the "look back" of the specification, which is also what ends every cycle.
/// </summary>
internal sealed class Activations
{
    private readonly List<(Field Field, int Layer)> _frames = [];

    public int Count => _frames.Count;

    public void Push(Field field, int layer) => _frames.Add((field, layer));

    public void Pop() => _frames.RemoveAt(_frames.Count - 1);

    /// <summary>The layer of the field that is being resolved, or null.</summary>
    public int? LayerOf(Field field)
    {
        for (var i = _frames.Count - 1; i >= 0; i--)
        {
            if (_frames[i].Field.Identity == field.Identity)
                return _frames[i].Layer;
        }
        return null;
    }

    /// <summary>As <see cref="LayerOf"/>, but a layer of the field also counts if something inside it is being resolved.</summary>
    public int? LayerAround(Field field)
    {
        for (var i = _frames.Count - 1; i >= 0; i--)
        {
            var (inner, layer) = _frames[i];
            while (inner.Identity != field.Identity && inner.Parent is not null)
            {
                layer = inner.Layers[layer].ParentLayer;
                inner = inner.Parent;
            }
            if (inner.Identity == field.Identity)
                return layer;
        }
        return null;
    }
}
