namespace Broker.Protocol.Tests.Baselines;

/// <summary>A field as a baseline says it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Label"><c>repeated</c>, <c>optional</c>, <c>oneof NAME</c>, or empty.</param>
/// <param name="Type">A scalar in capitals, or a message.</param>
internal sealed record WireField(int Number, string Name, string Label, string Type);

/// <summary>The messages of one link, read from a baseline: what a program of that version knows.</summary>
/// <param name="Messages">Fields of each message by number.</param>
internal sealed record WireContract(IReadOnlyDictionary<string, IReadOnlyDictionary<int, WireField>> Messages)
{
    /// <summary>Reads a baseline.</summary>
    public static WireContract Parse(IEnumerable<string> lines)
    {
        var messages = new Dictionary<string, IReadOnlyDictionary<int, WireField>>();
        Dictionary<int, WireField>? current = null;
        foreach (var line in lines)
        {
            if (line.StartsWith("message ", StringComparison.Ordinal))
            {
                messages.Add(line["message ".Length..], current = []);
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                var field = Field(line.Trim());
                current!.Add(field.Number, field);
            }
        }

        return new WireContract(messages);
    }

    /// <summary>
    /// What of a later contract keeps programs of this one from reading it, or the other way: nothing that was said may be gone, renamed,
    /// renumbered or of another type; what is new may only be added, and not to a oneof, where who does not know it sees nothing at all.
    /// </summary>
    public IEnumerable<string> BrokenBy(WireContract later)
    {
        foreach (var (message, fields) in Messages)
        {
            if (!later.Messages.TryGetValue(message, out var now))
            {
                yield return $"message {message} is gone";
                continue;
            }

            foreach (var (number, field) in fields)
            {
                if (!now.TryGetValue(number, out var there))
                {
                    yield return $"field {number} {field.Name} of {message} is gone";
                }
                else if (there != field)
                {
                    yield return $"field {number} of {message} was {Said(field)}, is {Said(there)}";
                }
            }

            foreach (var added in now.Values.Where(f => !fields.ContainsKey(f.Number)))
            {
                if (fields.Values.Any(f => f.Name == added.Name))
                {
                    yield return $"field {added.Name} of {message} has another number";
                }

                if (fields.Values.Any(f => f.Label.StartsWith("oneof", StringComparison.Ordinal) && f.Label == added.Label))
                {
                    yield return $"field {added.Name} of {message} is new in a oneof of before";
                }
            }
        }
    }

    private static string Said(WireField field) => $"{field.Label} {field.Type} {field.Name}";

    private static WireField Field(string line)
    {
        var parts = line.Split(' ');
        return new WireField(int.Parse(parts[0]), parts[1].TrimEnd(':'), string.Join(' ', parts[2..^1]), parts[^1]);
    }
}
