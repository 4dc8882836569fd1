using System.Reflection;
using Broker.Actors;

namespace Broker.Architecture.Tests;

/// <summary>What the kernel leaves out on purpose, and what its users therefore cannot do.</summary>
public sealed class KernelShapeSpecs
{
    private static readonly Assembly Kernel = typeof(ActorSystem).Assembly;

    [Fact]
    [Trait("Statement", "Diff1")]
    public void Diff1_every_protocol_should_be_closed()
    {
        var protocols = Product.Actors.Where(static one => one.Actor.Assembly != Kernel).Select(static one => one.Protocol).Distinct()
            .ToList();
        Assert.True(protocols.Count > 10, $"only {protocols.Count} protocols were found");
        Assert.Empty(protocols.Where(static protocol => !protocol.IsAbstract && !protocol.IsSealed && !protocol.IsValueType).Select(
            static one => $"{one} is open"));
        Assert.Empty(
            from type in Product.Types
            from protocol in protocols
            where type != protocol && type.IsAssignableTo(protocol) && !(type.IsSealed && type.DeclaringType == protocol)
            select $"{type} is a {protocol.Name}, but not sealed and nested in it");
    }

    [Fact]
    [Trait("Statement", "Diff1")]
    public void Diff1_no_reference_should_take_a_message_of_any_type()
    {
        var tells = from type in Kernel.GetExportedTypes()
                    from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                    where method.Name.Contains("Tell", StringComparison.Ordinal) || method.Name == "Forward"
                    select method.GetParameters()[^1].ParameterType;
        Assert.NotEmpty(tells);
        Assert.All(tells, static type => Assert.True(type.IsGenericParameter, type.ToString()));
    }

    [Fact]
    [Trait("Statement", "Diff5")]
    public void Diff5_no_reference_should_come_from_a_path_or_from_anything_written()
    {
        var made = from type in Kernel.GetExportedTypes()
                   from method in type.GetMethods(
                       BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
                   where method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(ActorRef<>)
                   select method.Name;
        // To make an actor here, and to name oneself: nothing else gives a reference.
        Assert.Equal(["Spawn", "SpawnSystem", "get_Self"], made.Distinct().Order(StringComparer.Ordinal));
        Assert.Empty(typeof(ActorRef<>).GetConstructors());
        Assert.DoesNotContain(
            typeof(ActorRef<>).GetCustomAttributesData(), static one => one.AttributeType == typeof(SerializableAttribute));
    }

    [Fact]
    [Trait("Statement", "Diff5")]
    [Trait("Statement", "Diff6")]
    public void Diff5_Diff6_kernel_should_know_no_network_and_no_other_assembly_of_the_product()
    {
        var names = Kernel.GetReferencedAssemblies().Select(static name => name.Name!).ToList();
        Assert.NotEmpty(names);
        Assert.DoesNotContain(names, static name => !name.StartsWith("System.", StringComparison.Ordinal));
        Assert.DoesNotContain(names, static name => name.StartsWith("System.Net", StringComparison.Ordinal) || name.Contains(
            "Serialization", StringComparison.Ordinal));
    }
}
