using System.Reflection;
using Broker.Actors;

namespace Broker.Architecture.Tests.Ownership;

/// <summary>
/// The rule that lets the kernel wipe what is lost on the way: a type that holds a secret, directly, in a collection or in a part of it, is
/// <see cref="IDisposable"/>, and its Dispose reaches each of the fields that do.
/// </summary>
/// <param name="secrets">The types that are secrets.</param>
/// <param name="known">All types that may stand behind an abstract one.</param>
internal sealed class OwnershipRule(IReadOnlyCollection<Type> secrets, IReadOnlyCollection<Type> known)
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly HashSet<Assembly> _own = [.. known.Select(static type => type.Assembly)];

    /// <summary>What breaks the rule in a type and in everything that it is made of; empty when nothing does.</summary>
    public IReadOnlyList<string> Breaches(Type message)
    {
        var breaches = new List<string>();
        Visit(message, message.Name, [], breaches);
        return breaches;
    }

    /// <returns>Whether the type holds a secret.</returns>
    public bool Holds(Type type) => Visit(type, "", [], []);

    private bool Visit(Type type, string where, HashSet<Type> seen, List<string> breaches)
    {
        if (secrets.Contains(type))
            return true;
        // References own nothing of what they lead to; code that will run is not data.
        if (typeof(IActorRef).IsAssignableFrom(type) || typeof(Delegate).IsAssignableFrom(type) || !seen.Add(type))
            return false;
        var holds = type.IsArray && Visit(type.GetElementType()!, $"{where}[]", seen, breaches);
        foreach (var argument in type.IsGenericType ? type.GetGenericArguments() : [])
            holds |= Visit(argument, $"{where}<{argument.Name}>", seen, breaches);
        if (!_own.Contains(type.Assembly))
            return holds;
        foreach (var derived in known.Where(one => one != type && one.IsAssignableTo(type)))
            holds |= Visit(derived, derived.Name, seen, breaches);
        return HoldsInFields(type, where, seen, breaches) || holds;
    }

    private bool HoldsInFields(Type type, string where, HashSet<Type> seen, List<string> breaches)
    {
        var holding = FieldsOf(type).Where(field => Visit(field.FieldType, $"{where}.{NameOf(field)}", [.. seen], breaches)).ToList();
        if (holding.Count == 0)
            return false;
        if (!typeof(IDisposable).IsAssignableFrom(type))
            breaches.Add($"{where} holds a secret in {string.Join(", ", holding.Select(NameOf))} and is not disposable");
        else
            breaches.AddRange(holding.Where(field => !IsReached(type, field)).Select(field => $"{where} does not dispose {NameOf(field)}"));
        return true;
    }

    private static IEnumerable<FieldInfo> FieldsOf(Type type)
    {
        for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
        {
            foreach (var field in at.GetFields(Declared).Where(static field => !field.IsStatic))
                yield return field;
        }
    }

    /// <summary>Whether the type's Dispose loads the field, itself or by a method or property of the type that it calls.</summary>
    private static bool IsReached(Type type, FieldInfo field)
    {
        var seen = new HashSet<MethodBase>();
        var left = new Queue<MethodBase>(type.GetInterfaceMap(typeof(IDisposable)).TargetMethods);
        while (left.TryDequeue(out var method))
        {
            foreach (var member in Code.References(method))
            {
                if (member is FieldInfo loaded && loaded.MetadataToken == field.MetadataToken && loaded.Module == field.Module)
                    return true;
                // Only into code of the type itself: another type's Dispose does not vouch for this one's field.
                if (member is MethodBase called && called.DeclaringType is { } owner && IsPartOf(owner, type) && seen.Add(called))
                    left.Enqueue(called);
            }
        }
        return false;
    }

    private static bool IsPartOf(Type owner, Type type)
    {
        for (var at = type; at is not null; at = at.BaseType)
        {
            if (owner.MetadataToken == at.MetadataToken && owner.Module == at.Module)
                return true;
        }
        return false;
    }

    private static string NameOf(FieldInfo field) => field.Name.Trim('<', '_').Split('>')[0];
}
