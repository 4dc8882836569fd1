using Broker.Actors;
using Broker.Secrets;

namespace Broker.Architecture.Tests.Ownership;

/// <summary>The rule finds what breaks it: without these, a rule that finds nothing would look like a product without fault.</summary>
public sealed class OwnershipRuleSpecs
{
    private static readonly OwnershipRule Rule = new([typeof(SecretBuffer)], typeof(OwnershipRuleSpecs).Assembly.GetTypes());

    [Theory]
    [InlineData(typeof(Plain), "holds a secret in Key and is not disposable")]
    [InlineData(typeof(InList), "holds a secret in Keys and is not disposable")]
    [InlineData(typeof(InTuple), "holds a secret in Pair and is not disposable")]
    [InlineData(typeof(InArray), "holds a secret in Keys and is not disposable")]
    [InlineData(typeof(InTask), "holds a secret in Later and is not disposable")]
    [InlineData(typeof(InCargo), "holds a secret in Key and is not disposable")]
    [InlineData(typeof(InPrivateField), "holds a secret in key and is not disposable")]
    [InlineData(typeof(Nested), "holds a secret in Part and is not disposable")]
    [InlineData(typeof(BehindInterface), "holds a secret in Part and is not disposable")]
    [InlineData(typeof(Forgetful), "does not dispose Second")]
    [InlineData(typeof(Derived), "does not dispose Own")]
    [InlineData(typeof(Union), "Secretive holds a secret in Key and is not disposable")]
    [Trait("Statement", "W4")]
    internal void W4_rule_should_find_every_way_to_break_it(Type type, string breach)
    {
        Assert.True(Rule.Holds(type));
        Assert.Contains(Rule.Breaches(type), one => one.EndsWith(breach, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(Good), true)]
    [InlineData(typeof(GoodList), true)]
    [InlineData(typeof(GoodByHelper), true)]
    [InlineData(typeof(GoodCargo), true)]
    [InlineData(typeof(Innocent), false)]
    [Trait("Statement", "W4")]
    internal void W4_rule_should_leave_what_keeps_it_alone(Type type, bool holds)
    {
        Assert.Equal(holds, Rule.Holds(type));
        Assert.Empty(Rule.Breaches(type));
    }

    private interface IPart;

    private abstract record Union
    {
        public sealed record Harmless(int Number) : Union;

        public sealed record Secretive(SecretBuffer Key) : Union;
    }

    private sealed record Plain(SecretBuffer Key);

    private sealed record InList(IReadOnlyList<SecretBuffer> Keys);

    private sealed record InTuple((string Name, SecretBuffer Key) Pair);

    private sealed record InArray(SecretBuffer[] Keys);

    private sealed record InTask(Task<SecretBuffer> Later);

    private sealed record InCargo(Cargo<SecretBuffer> Key);

    private sealed class InPrivateField(SecretBuffer key)
    {
        public int Length => key.Length;
    }

    private sealed record Nested(Plain Part);

    private sealed record BehindInterface(IPart Part);

    private sealed record Part(SecretBuffer Key) : IPart;

    private sealed record Forgetful(SecretBuffer First, SecretBuffer Second) : IDisposable
    {
        public void Dispose() => First.Dispose();
    }

    private record Base(SecretBuffer First) : IDisposable
    {
        public void Dispose() => First.Dispose();
    }

    private sealed record Derived(SecretBuffer First, SecretBuffer Own) : Base(First);

    private sealed record Good(string Name, SecretBuffer Key) : IDisposable
    {
        public void Dispose() => Key.Dispose();
    }

    private sealed record GoodList(IReadOnlyList<Good> Keys) : IDisposable
    {
        public void Dispose()
        {
            foreach (var key in Keys)
                key.Dispose();
        }
    }

    private sealed record GoodByHelper(SecretBuffer Key) : IDisposable
    {
        public void Dispose() => Wipe();

        private void Wipe() => Key.Dispose();
    }

    private sealed record GoodCargo(Cargo<SecretBuffer> Key) : IDisposable
    {
        public void Dispose() => Key.Dispose();
    }

    private sealed record Innocent(string Name, ReplyTo<Good> ReplyTo, Func<SecretBuffer> Code);
}
