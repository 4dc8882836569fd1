namespace Broker.Agent.Tests.Support;

/// <summary>Tests that read the gauge of locked memory run one after another: it is the process's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SecretsCollection
{
    public const string Name = "secrets";
}
