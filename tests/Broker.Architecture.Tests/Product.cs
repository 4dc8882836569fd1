using System.Reflection;
using Broker.Actors;

namespace Broker.Architecture.Tests;

/// <summary>The product's assemblies and types.</summary>
internal static class Product
{
    /// <summary>Everything that is built from <c>src</c>.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Where(static name => name.StartsWith("broker", StringComparison.OrdinalIgnoreCase) && !name.EndsWith(
                "Tests", StringComparison.Ordinal))
            .Select(static name => Assembly.Load(name)),
    ];

    public static IReadOnlyList<Type> Types { get; } = [.. Assemblies.SelectMany(static assembly => assembly.GetTypes())];

    /// <summary>Every actor with its protocol, the kernel's own generic ones left out.</summary>
    public static IEnumerable<(Type Actor, Type Protocol)> Actors =>
        from type in Types
        where !type.IsAbstract && !type.ContainsGenericParameters
        let protocol = ProtocolOf(type)
        where protocol is not null
        select (type, protocol);

    private static Type? ProtocolOf(Type type)
    {
        for (var at = type.BaseType; at is not null; at = at.BaseType)
        {
            if (at.IsGenericType && at.GetGenericTypeDefinition() == typeof(Actor<>))
                return at.GetGenericArguments()[0];
        }
        return null;
    }
}
