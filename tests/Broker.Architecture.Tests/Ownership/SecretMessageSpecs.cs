using Broker.Actors;
using Broker.Secrets;

namespace Broker.Architecture.Tests.Ownership;

/// <summary>All that the product's actors are told, answered, or pipe to themselves.</summary>
public sealed class SecretMessageSpecs
{
    private static readonly OwnershipRule Rule = new([typeof(SecretBuffer)], Product.Types);

    [Fact]
    [Trait("Statement", "W4")]
    public void W4_every_message_that_holds_a_secret_should_be_disposable_and_dispose_it()
    {
        var messages = Messages().ToList();
        Assert.True(messages.Count > 80, $"only {messages.Count} messages were found");
        Assert.Contains(messages, Rule.Holds);
        Assert.Empty(messages.SelectMany(Rule.Breaches).Distinct());
    }

    [Fact]
    [Trait("Statement", "W4")]
    public void W4_every_answer_and_piped_result_that_holds_a_secret_should_be_disposable_and_dispose_it()
    {
        var (answers, results) = (Answers().ToList(), PipedResults().ToList());
        Assert.True(answers.Count > 10 && results.Count > 3, $"only {answers.Count} answers and {results.Count} results were found");
        Assert.Empty(answers.Concat(results).SelectMany(result => Parts(result).SelectMany(Rule.Breaches)).Distinct());
    }

    [Fact]
    [Trait("Statement", "W2")]
    public void W2_no_constructor_of_an_actor_should_make_a_secret()
    {
        var actors = Product.Actors.Select(static one => one.Actor).ToList();
        Assert.True(actors.Count > 10, $"only {actors.Count} actors were found");
        Assert.Empty(
            from actor in actors
            from constructor in actor.GetConstructors(
                System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic)
            from member in Code.References(constructor)
            let made = member is System.Reflection.MethodInfo method ? method.ReturnType
                : member is System.Reflection.ConstructorInfo made ? made.DeclaringType : null
            where made is not null && made != actor.BaseType
                && (made == typeof(SecretBuffer) || (typeof(IDisposable).IsAssignableFrom(made) && Rule.Holds(made)))
            select $"{actor.Name} makes a {made.Name} in its constructor");
    }

    private static IEnumerable<Type> Messages() =>
        from protocol in Product.Actors.Select(static one => one.Protocol).Distinct()
        from type in Product.Types
        where type.IsAssignableTo(protocol)
        select type;

    /// <summary>Of every address for an answer that there is a field or a parameter for.</summary>
    private static IEnumerable<Type> Answers() =>
        (from type in Product.Types
         from field in type.GetFields(
             System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic)
         where field.FieldType.IsGenericType && field.FieldType.GetGenericTypeDefinition() == typeof(ReplyTo<>)
         select field.FieldType.GetGenericArguments()[0])
        .Concat(Calls(nameof(ActorRef<>.Ask)).Select(static types => types[0]))
        .Where(static type => !type.IsGenericParameter).Distinct();

    private static IEnumerable<Type> PipedResults() =>
        Calls(nameof(IActorContext<>.PipeToSelf)).Select(static types => types[0]).Distinct();

    private static IEnumerable<Type[]> Calls(string method) =>
        from assembly in Product.Assemblies
        from call in Code.GenericCalls(assembly)
        where call.Name == method && call.DeclaringType?.Assembly == typeof(ActorSystem).Assembly
        select call.GetGenericArguments();

    /// <summary>
    /// A result that is itself a framework type, such as a list or a pair, cannot dispose its parts: then none of them may be a secret.
    /// </summary>
    private static IEnumerable<Type> Parts(Type result)
    {
        if (Rule.Holds(result) && !typeof(IDisposable).IsAssignableFrom(result))
            Assert.Fail($"{result} holds a secret and is not disposable");
        yield return result;
    }
}
