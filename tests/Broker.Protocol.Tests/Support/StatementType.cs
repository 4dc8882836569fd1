using Broker.Protocol.Statements;

namespace Broker.Protocol.Tests.Support;

/// <summary>A statement type as the tests see it: found by reflection, so that a new one is tested without being named.</summary>
internal abstract class StatementType
{
    public static IReadOnlyList<Type> Found { get; } =
    [
        .. typeof(Statement).Assembly.GetTypes()
            .Where(t => t.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IStatement<>)))
            .OrderBy(t => t.Name, StringComparer.Ordinal),
    ];

    public static TheoryData<string> Names => [.. Found.Select(t => t.Name)];

    public static StatementType Named(string name) =>
        (StatementType)Activator.CreateInstance(typeof(StatementType<>).MakeGenericType(Found.Single(t => t.Name == name)))!;

    /// <summary>A sample that follows from the seed.</summary>
    public abstract object Sample(ulong seed);

    public abstract byte[] Encode(object statement);

    /// <summary>The type's own decoder, without the comparison that <see cref="Statement.Read"/> adds.</summary>
    public abstract object Decode(ReadOnlySpan<byte> encoding);

    public abstract object Read(ReadOnlySpan<byte> encoding);
}

/// <inheritdoc/>
internal sealed class StatementType<T> : StatementType
    where T : IStatement<T>
{
    public override object Sample(ulong seed) => Samples.Make<T>(new Seeded(seed));

    public override byte[] Encode(object statement) => ((T)statement).Encode();

    public override object Decode(ReadOnlySpan<byte> encoding) => T.Decode(encoding);

    public override object Read(ReadOnlySpan<byte> encoding) => Statement.Read<T>(encoding);
}
