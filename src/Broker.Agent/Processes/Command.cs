namespace Broker.Agent.Processes;

/// <summary>What a child's output goes to.</summary>
internal enum ChildOutput
{
    /// <summary>/dev/null: a program may print what it was given.</summary>
    Discard,

    /// <summary>The agent's own standard output and error.</summary>
    Inherit,
}

/// <summary>A program to start. It holds no secret: only the numbers under which the child finds its descriptors.</summary>
/// <param name="Arguments">The absolute path of the program, then its arguments.</param>
/// <param name="Environment">The whole environment; nothing is inherited.</param>
/// <param name="Output">What becomes of standard output and error.</param>
internal sealed record Command(
    IReadOnlyList<string> Arguments, IReadOnlyList<KeyValuePair<string, string>> Environment, ChildOutput Output)
{
    /// <summary>The first descriptor that a child is given beyond the three standard ones.</summary>
    internal const int FirstDescriptor = 3;
}
