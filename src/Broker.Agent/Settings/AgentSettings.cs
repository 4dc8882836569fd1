using Broker.Agent.Session;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Agent.Settings;

/// <summary>The agent's configuration, validated.</summary>
internal sealed record AgentSettings
{
    /// <summary>Addresses of the DMZ nodes' agent listeners.</summary>
    internal required IReadOnlyList<Uri> Dmz { get; init; }

    /// <summary>For connecting to one of them.</summary>
    internal required TimeSpan ConnectTimeout { get; init; }

    /// <summary>Where the agent's files are.</summary>
    internal required string StatePath { get; init; }

    /// <summary>Whether they may be on a disk.</summary>
    internal required bool AllowDisk { get; init; }

    /// <summary>Most hand-offs that are remembered.</summary>
    internal required int JournalLimit { get; init; }

    /// <summary>Bytes of locked memory.</summary>
    internal required long SecretCapacity { get; init; }

    /// <summary>Bytes of locked memory inside the crypto library.</summary>
    internal required int CryptoHeap { get; init; }

    /// <summary>The pages behind it.</summary>
    internal required SecretMemoryBacking SecretBacking { get; init; }

    /// <summary>The lowest level that is logged.</summary>
    internal required Serilog.Events.LogEventLevel LogLevel { get; init; }

    /// <summary>How long the ends of all uses may take when the agent stops.</summary>
    internal required TimeSpan StopTimeout { get; init; }

    /// <summary>The session.</summary>
    internal required SessionSettings Session { get; init; }

    /// <summary>The named uses.</summary>
    internal required IReadOnlyDictionary<Name, NamedUse> Uses { get; init; }
}
