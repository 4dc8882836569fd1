using System.Reflection;

namespace Broker.Simulation.Tests;

/// <summary>Reads and writes private fields: how a seeded fault takes a line of code away without a switch in it.</summary>
internal static class Inside
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.FlattenHierarchy;

    public static T Get<T>(object of, string field) => (T)Field(of, field).GetValue(of)!;

    public static void Set(object of, string field, object? value) => Field(of, field).SetValue(of, value);

    /// <summary>Sets an automatic property that has no setter for us.</summary>
    public static void SetProperty(object of, string property, object? value) => Set(of, $"<{property}>k__BackingField", value);

    private static FieldInfo Field(object of, string field)
    {
        for (var type = of.GetType(); type is not null; type = type.BaseType)
        {
            if (type.GetField(field, Any) is { } found)
            {
                return found;
            }
        }

        throw new MissingFieldException(of.GetType().Name, field);
    }
}
