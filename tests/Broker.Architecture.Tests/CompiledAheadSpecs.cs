using System.Reflection;

namespace Broker.Architecture.Tests;

/// <summary>What keeps methods from being compiled before they are called, where the executables are published.</summary>
public sealed class CompiledAheadSpecs
{
    // How these are passed is not settled between compilers and runtimes, so every method with a type that holds one waits for its first
    // call.
    private static readonly Type[] Unsettled = [typeof(UInt128), typeof(Int128)];

    [Fact]
    public void No_type_should_hold_a_number_of_128_bits() =>
        Assert.Empty(Product.Types.SelectMany(Holding).Select(static field => $"{field.DeclaringType} holds {field}"));

    [Fact]
    public void A_type_that_holds_one_should_be_found() => Assert.Equal(
        ["Plain", "Inside"], typeof(Holder).GetNestedTypes(BindingFlags.NonPublic).Append(typeof(Holder)).SelectMany(Holding)
            .Select(static field => field.Name));

    private static IEnumerable<FieldInfo> Holding(Type type) =>
        from field in type.GetFields(
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where Mentions(field.FieldType)
        select field;

    private static bool Mentions(Type type) =>
        Unsettled.Contains(type) || type.GetGenericArguments().Any(Mentions) || (type.GetElementType() is { } element && Mentions(element));

    private sealed class Holder
    {
#pragma warning disable CS0649, CA1823, IDE0044 // Looked at, never used.
        internal UInt128 Plain;
        internal (string Name, Int128[]? Values) Inside;
        internal ulong Other;
#pragma warning restore CS0649, CA1823, IDE0044
    }
}
