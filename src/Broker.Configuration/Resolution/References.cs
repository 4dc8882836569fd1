using Broker.Configuration.Syntax;

namespace Broker.Configuration.Resolution;

/// <summary>
/// Finds what a substitution stands for: in the document, looking back where it leads to itself, then in the environment.
/// </summary>
internal sealed class References(
    Field root, Activations active, Budget budget, ErrorList errors, Func<string, string?> environment, Func<Field, HoconValue?> valueOf)
{
    public HoconValue? Find(ReferenceNode reference)
    {
        var cyclic = false;
        var value = reference.Prefix.Count > 0 ? Look([.. reference.Prefix, .. reference.Path], reference.Origin, ref cyclic) : null;
        value ??= Look(reference.Path, reference.Origin, ref cyclic);
        value ??= Environment(reference);
        if (value is null && !reference.Optional)
        {
            errors.Add(reference.Origin, cyclic
                ? $"{reference.Text} leads back to itself, and there is no earlier value"
                : $"{reference.Text} stands for nothing; set it, or write ${{?…}} if it may be missing");
        }
        if (value is not null and not HoconObject && reference.MustBeObject)
        {
            errors.Add(reference.Origin, $"{reference.Text} is {value.Describe()} but stands beside an object; only objects can be merged");
            return null;
        }
        return value;
    }

    private HoconValue? Look(IReadOnlyList<string> path, HoconOrigin origin, ref bool cyclic)
    {
        var field = root;
        foreach (var key in path)
        {
            budget.Spend(1 + active.Count, origin);
            if (active.LayerOf(field) is { } layer)
            {
                cyclic = true;
                field = field.Below(layer);
            }
            field = field.Child(key, out var created);
            budget.SpendOnField(created, field, origin);
            if (field.Layers.Count == 0)
                return null;
        }
        if (active.LayerAround(field) is { } around)
        {
            cyclic = true;
            field = field.Below(around);
        }
        cyclic |= field.IsBusy;
        return valueOf(field);
    }

    private HoconScalar? Environment(ReferenceNode reference)
    {
        if (environment(string.Join('.', reference.Path)) is not { } text)
            return null;
        budget.Spend(text.Length, reference.Origin);
        return new HoconScalar(reference.Origin, HoconKind.Text, text);
    }
}
