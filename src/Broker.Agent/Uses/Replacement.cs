using Broker.Agent.Processes;
using Broker.Secrets;

namespace Broker.Agent.Uses;

/// <summary>What is to take the place of what a program has: the other is kept until this one is in use, or has failed.</summary>
/// <param name="delivery">The later version; owned by this object from here on.</param>
internal sealed class Replacement(UseDelivery delivery) : IDisposable
{
    /// <summary>The later version.</summary>
    internal UseDelivery Delivery => delivery;

    /// <summary>For a program that is started again: the files of the later version.</summary>
    internal List<IMemoryFile> Files { get; } = [];

    /// <summary>For a program that is signalled: what its files held before, in their order.</summary>
    internal List<SecretBuffer> Before { get; } = [];

    /// <summary>Whether the program runs with the later version, and has to last.</summary>
    internal bool IsSettling { get; set; }

    /// <summary>Wipes everything that was not passed on.</summary>
    public void Dispose()
    {
        delivery.Dispose();
        Files.ForEach(static f => f.Dispose());
        Files.Clear();
        Before.ForEach(static b => b.Dispose());
        Before.Clear();
    }
}
