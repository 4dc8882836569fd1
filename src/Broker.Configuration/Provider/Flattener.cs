using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Broker.Configuration;

/// <summary>Turns values into keys joined by ':' with texts.</summary>
internal static class Flattener
{
    public static Dictionary<string, string?> Flatten(HoconValue? content)
    {
        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var errors = new List<HoconError>();
        if (content is not null)
            Add(content, "", data, errors);
        return errors.Count == 0 ? data : throw new HoconException(errors);
    }

    private static void Add(HoconValue value, string key, Dictionary<string, string?> data, List<HoconError> errors)
    {
        switch (value)
        {
            case HoconScalar scalar when key.Length > 0:
                data[key] = scalar.Kind == HoconKind.Null ? null : scalar.Text;
                break;
            case HoconArray list:
                for (var i = 0; i < list.Items.Count; i++)
                    Add(list.Items[i], Join(key, i.ToString(CultureInfo.InvariantCulture)), data, errors);
                break;
            case HoconObject inner:
                AddFields(inner, key, data, errors);
                break;
        }
    }

    private static void AddFields(HoconObject inner, string key, Dictionary<string, string?> data, List<HoconError> errors)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in inner.Fields)
        {
            if (field.Key.Length == 0 || field.Key.Contains(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal))
                errors.Add(new HoconError(field.KeyOrigin, "a key here must not be empty nor have a ':'", HoconPath.Render([field.Key])));
            else if (!seen.Add(field.Key))
                errors.Add(new HoconError(field.KeyOrigin, "differs from another key only in case", HoconPath.Render([field.Key])));
            else
                Add(field.Value, Join(key, field.Key), data, errors);
        }
    }

    private static string Join(string key, string next) => key.Length == 0 ? next : ConfigurationPath.Combine(key, next);
}
