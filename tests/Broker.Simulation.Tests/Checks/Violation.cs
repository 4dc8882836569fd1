namespace Broker.Simulation.Tests;

/// <summary>An invariant does not hold. The code groups failures while they are shrunk.</summary>
internal sealed class Violation(string code, string message) : Exception($"{code}: {message}")
{
    public string Code => code;
}
