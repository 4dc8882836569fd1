using Broker.Configuration.Syntax;

namespace Broker.Configuration.Resolution;

/// <summary>Joins values side by side once they are known: to one text, one list or one object.</summary>
internal sealed class Joiner(Budget budget, ErrorList errors)
{
    /// <summary>Joins the values of the pieces; null where a piece has none.</summary>
    public HoconValue? Join(ConcatenationNode node, HoconValue?[] values)
    {
        var present = values.OfType<HoconValue>().ToList();
        if (present.Count == 0)
            return null;
        if (present.TrueForAll(value => value is HoconScalar))
            return JoinText(node, values);
        if (present.TrueForAll(value => value is HoconArray))
            return JoinArrays(node, present);
        if (present.TrueForAll(value => value is HoconObject))
            return MergeObjects(node, present);
        var other = present.Find(value => value.GetType() != present[0].GetType())!;
        errors.Add(node.Origin, $"{present[0].Describe()} and {other.Describe()} stand side by side; only one sort can be joined");
        return null;
    }

    private HoconScalar JoinText(ConcatenationNode node, HoconValue?[] values)
    {
        var texts = node.Pieces
            .Zip(values, (piece, value) => piece is SpaceNode space ? space.Text : (value as HoconScalar)?.Text ?? "")
            .ToList();
        budget.Spend(texts.Sum(text => (long)text.Length), node.Origin);
        return new HoconScalar(node.Origin, HoconKind.Text, string.Concat(texts));
    }

    private HoconArray JoinArrays(ConcatenationNode node, List<HoconValue> values)
    {
        budget.Spend(values.Sum(value => (long)((HoconArray)value).Items.Count), node.Origin);
        return budget.Check(new HoconArray(node.Origin, [.. values.SelectMany(value => ((HoconArray)value).Items)]));
    }

    private HoconObject MergeObjects(ConcatenationNode node, List<HoconValue> values)
    {
        var merged = (HoconObject)values[0];
        foreach (var value in values.Skip(1))
        {
            budget.Spend(merged.Weight + value.Weight, node.Origin);
            merged = budget.Check(merged.Merge((HoconObject)value));
        }
        return merged;
    }
}
