using Broker.Configuration.Syntax;

namespace Broker.Configuration.Resolution;

/// <summary>
/// Turns the document as written into values: merges what was assigned to each field and puts values in the place of
/// substitutions. A null for a value means that there is none, as an optional substitution leaves it.
/// </summary>
internal sealed class Resolver
{
    /// <summary>Stands for a value that is no object where a field of it was asked for: it hides what lies below.</summary>
    private static readonly HoconScalar Blocked = new(default, HoconKind.Null, "");

    private readonly HoconLimits _limits;
    private readonly Field _root;
    private readonly Activations _active = new();
    private readonly Joiner _joiner;
    private readonly Budget _budget;
    private readonly References _references;
    private int _depth;

    public Resolver(ObjectNode root, HoconLimits limits, ErrorList errors, Func<string, string?> environment)
    {
        _limits = limits;
        _root = new Field(null, [new Layer(root, 0, root.Origin)]);
        _budget = new Budget(limits, errors);
        _joiner = new Joiner(_budget, errors);
        _references = new References(_root, _active, _budget, errors, environment, ValueOf);
    }

    public HoconObject Resolve() => (HoconObject)ValueOf(_root)!;

    private HoconValue? ValueOf(Field field)
    {
        if (field.IsResolved)
            return field.Value;
        if (field.Layers.Count == 0 || field.IsBusy)
            return null;
        var origin = field.Layers[^1].Node.Origin;
        _budget.Spend(1, origin);
        Descend(origin);
        field.IsBusy = true;
        var value = Merge(field);
        field.IsBusy = false;
        _depth--;
        field.Resolve(value);
        return value;
    }

    /// <summary>Keeps the stack from running out: each level of a value counts, whether written or substituted.</summary>
    private void Descend(HoconOrigin origin)
    {
        if (++_depth > _limits.SubstitutionDepth)
            throw _budget.Stop(origin, $"substitutions lead to each other more than {_limits.SubstitutionDepth} times in a row");
    }

    private HoconValue? Merge(Field field)
    {
        var objects = new List<(int Layer, HoconObject? Value)>();
        for (var i = field.Layers.Count - 1; i >= 0; i--)
        {
            if (field.Layers[i].Node is ObjectNode)
            {
                objects.Add((i, null));
                continue;
            }
            var value = LayerValue(field, i);
            if (value is HoconObject part)
                objects.Add((i, part));
            else if (value is not null && objects.Count > 0)
                break;
            else if (value is not null)
                return value == Blocked ? null : value;
        }
        if (objects.Count == 0)
            return null;

        // What one substitution alone gives is shared, not copied: copies of copies would multiply.
        if (objects is [(_, { } only)])
            return only;
        objects.Reverse();
        return MergeObjects(field, objects);
    }

    private HoconObject MergeObjects(Field field, List<(int Layer, HoconObject? Value)> objects)
    {
        var keys = new OrderedDictionary<string, HoconOrigin>();
        foreach (var (layer, value) in objects)
        {
            if (value is not null)
            {
                foreach (var part in value.Fields)
                    keys[part.Key] = part.KeyOrigin;
            }
            else
            {
                foreach (var (key, assignments) in ((ObjectNode)field.Layers[layer].Node).Assignments)
                    keys[key] = assignments[^1].KeyOrigin;
            }
        }

        var fields = new OrderedDictionary<string, HoconField>(keys.Count);
        var origin = field.Layers[objects[^1].Layer].Node.Origin;
        foreach (var (key, keyOrigin) in keys)
        {
            var child = field.Child(key, out var created);
            _budget.SpendOnField(created, child, origin);
            if (ValueOf(child) is { } value)
                fields.Add(key, new HoconField(key, keyOrigin, value));
        }
        return _budget.Check(new HoconObject(origin, fields));
    }

    private HoconValue? LayerValue(Field field, int layer)
    {
        var node = field.Layers[layer].Node;
        if (node is ScalarNode scalar)
            return scalar.Value;
        if (field.TryGetLayerValue(layer, out var known))
            return known;
        field.SetLayerValue(layer, null);
        _active.Push(field, layer);
        var value = Evaluate(node, field, layer);
        _active.Pop();
        field.SetLayerValue(layer, value);
        return value;
    }

    private HoconValue? Evaluate(Node node, Field field, int layer) => node switch
    {
        ScalarNode scalar => scalar.Value,
        ArrayNode array => Items(array, field, layer),
        ReferenceNode reference => _references.Find(reference),
        LookBackNode => ValueOf(field.Below(layer)),
        ConcatenationNode concatenation => _joiner.Join(
            concatenation, [.. concatenation.Pieces.Select(piece => piece is SpaceNode ? null : Evaluate(piece, field, layer))]),
        ProjectionNode projection => Project(projection),
        ObjectNode => ValueOf(new Field(null, [new Layer(node, 0, node.Origin)])),
        MergeNode merge => ValueOf(new Field(null, [.. merge.Layers.Select(part => new Layer(part, 0, part.Origin))])),
        _ => null,
    };

    private HoconArray Items(ArrayNode array, Field field, int layer)
    {
        _budget.Spend(array.Items.Count, array.Origin);
        Descend(array.Origin);
        var items = new List<HoconValue>(array.Items.Count);
        foreach (var item in array.Items)
        {
            if (Evaluate(item, field, layer) is { } value)
                items.Add(value);
        }
        _depth--;
        return _budget.Check(new HoconArray(array.Origin, items));
    }

    private HoconValue? Project(ProjectionNode projection) => LayerValue(projection.Parent, projection.Layer) switch
    {
        null => null,
        HoconObject value => value.TryGet(projection.Key, out var field) ? field.Value : null,
        _ => Blocked,
    };
}
