using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Credentials;

/// <summary>What the actor of one hand-off is told.</summary>
internal abstract record HandOffMessage
{
    /// <summary>The opened envelope, divided by use; owned by the hand-off from here on.</summary>
    internal sealed record Take(IReadOnlyList<UseDelivery> Deliveries) : HandOffMessage, IDisposable
    {
        public void Dispose()
        {
            foreach (var delivery in Deliveries)
                delivery.Dispose();
        }
    }

    /// <summary>One of its uses is over.</summary>
    internal sealed record UseEnded(Name Use, UseEnd How) : HandOffMessage;

    /// <summary>All of its uses are to end.</summary>
    internal sealed record End : HandOffMessage;
}
