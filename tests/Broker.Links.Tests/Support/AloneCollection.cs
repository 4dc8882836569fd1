namespace Broker.Links.Tests.Support;

/// <summary>Tests that measure what the process allocates: no others run at the same time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
