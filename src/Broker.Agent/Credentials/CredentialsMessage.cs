using Broker.Actors;
using Broker.Agent.Session;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Credentials;

/// <summary>What <c>/credentials</c> is told.</summary>
internal abstract record CredentialsMessage
{
    /// <summary>An envelope was opened; its owner hears once that all of its uses have ended.</summary>
    /// <param name="HandOff">The hand-off.</param>
    /// <param name="Deliveries">What came, divided by use.</param>
    /// <param name="Owner">Who hears.</param>
    /// <param name="Replaces">The hand-off in whose place it comes, or zeros.</param>
    internal sealed record Take(
        Id16 HandOff, IReadOnlyList<UseDelivery> Deliveries, ActorRef<SessionMessage> Owner, Id16 Replaces = default)
        : CredentialsMessage, IDisposable
    {
        public void Dispose()
        {
            foreach (var delivery in Deliveries)
                delivery.Dispose();
        }
    }

    /// <summary>The uses of a hand-off are to end.</summary>
    internal sealed record End(Id16 HandOff) : CredentialsMessage;

    /// <summary>All uses are to end.</summary>
    internal sealed record EndAll : CredentialsMessage;

    /// <summary>A hand-off says how its uses ended.</summary>
    internal sealed record Over(Id16 HandOff, UseEnd How) : CredentialsMessage;

    /// <summary>The actor of a hand-off is gone.</summary>
    internal sealed record Gone(Id16 HandOff) : CredentialsMessage;
}
