using System.Buffers;

namespace Broker.Actors;

/// <summary>
/// Where an actor stands in its system's tree, for instance <c>/user/customers/acme</c>. Says nothing about the incarnation: that is the
/// uid's part.
/// </summary>
public sealed class ActorPath : IEquatable<ActorPath>
{
    /// <summary>The longest name that an actor may have, in characters.</summary>
    public const int MaxNameLength = 128;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~+@=$:");

    internal ActorPath(ActorPath? parent, string name)
    {
        Parent = parent;
        Name = name;
    }

    /// <summary>The path of the parent; null for a top-level path such as <c>/user</c>.</summary>
    public ActorPath? Parent { get; }

    /// <summary>The last element.</summary>
    public string Name { get; }

    /// <summary>
    /// Checks a name given to a new actor: 1 to 128 letters, digits and <c>-_.~+@=:</c>; a leading <c>$</c> is kept for generated names.
    /// </summary>
    /// <exception cref="ArgumentException">The name is not of that form.</exception>
    public static void ThrowIfNotAName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaxNameLength || name[0] == '$' || name.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new ArgumentException("an actor's name has 1 to 128 letters, digits or -_.~+@=: and does not start with $", nameof(name));
    }

    /// <inheritdoc />
    public bool Equals(ActorPath? other) =>
        ReferenceEquals(this, other) || (other is not null && Name == other.Name && Equals(Parent, other.Parent));

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is ActorPath other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Parent, Name);

    /// <summary>The path with slashes, from the root.</summary>
    public override string ToString() => $"{Parent}/{Name}";
}
