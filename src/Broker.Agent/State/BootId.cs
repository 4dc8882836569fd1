using Broker.Protocol.Identifiers;

namespace Broker.Agent.State;

/// <summary>The kernel's boot id: what the agent has seen is known for one boot.</summary>
internal static class BootId
{
    /// <summary>Reads it.</summary>
    internal static Id16 Read() =>
        Id16.TryParse(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim().Replace("-", "", StringComparison.Ordinal), out var id)
            ? id
            : throw new AgentException("the kernel gives no boot id; mount /proc", "boot-id");
}
