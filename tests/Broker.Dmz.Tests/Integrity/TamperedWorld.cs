using Broker.Dmz.Tests.Support;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>An installation in which customers are tampered with, and one customer that nobody touches.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit awaits DisposeAsync of IAsyncLifetime")]
public sealed class TamperedWorld : IAsyncLifetime
{
    private (TestCustomer Customer, AgentEnd Agent)? _untouched;

    internal DmzWorld World { get; } = new();

    public Task InitializeAsync() => World.InitializeAsync();

    public async Task DisposeAsync()
    {
        _untouched?.Agent.Dispose();
        await World.DisposeAsync();
    }

    internal async Task<(TestCustomer Customer, AgentEnd Agent)> Untouched() => _untouched ??= await World.Ready();
}
