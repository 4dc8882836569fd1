using Broker.Agent.Settings;
using Broker.Secrets;

namespace Broker.Agent.Commands;

/// <summary>What a process does before it holds its first secret.</summary>
internal static class Hardening
{
    internal static void Apply(AgentSettings settings)
    {
        ProcessHardening.Apply();
        SecretMemory.Configure(settings.SecretCapacity, settings.SecretBacking);
        ProcessHardening.LockCryptoHeap(settings.CryptoHeap);
    }
}
