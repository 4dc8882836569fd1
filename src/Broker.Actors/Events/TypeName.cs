namespace Broker.Actors;

/// <summary>All that events say about a message or an exception.</summary>
internal static class TypeName
{
    public static string Of(object? value) => value is null ? "null" : Of(value.GetType());

    public static string Of(Type type) => type.FullName ?? type.Name;
}
