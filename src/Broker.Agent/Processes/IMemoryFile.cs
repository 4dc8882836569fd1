namespace Broker.Agent.Processes;

/// <summary>A file that exists only in memory, for a child to read. Disposing overwrites it for every holder, then closes.</summary>
internal interface IMemoryFile : IDisposable
{
    /// <summary>For the spawner, and only while this object lives.</summary>
    int Descriptor { get; }
}
