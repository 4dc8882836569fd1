using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Uses;

/// <summary>What <c>/uses</c> is told.</summary>
internal abstract record UsesMessage
{
    /// <summary>Begin a use; its owner hears of its end exactly once.</summary>
    internal sealed record Begin(UseDelivery Delivery, ActorRef<HandOffMessage> Owner) : UsesMessage, IDisposable
    {
        public void Dispose() => Delivery.Dispose();
    }

    /// <summary>End every use of a hand-off.</summary>
    internal sealed record End(Id16 HandOff) : UsesMessage;

    /// <summary>A use says how it ended.</summary>
    internal sealed record Ended(string Key, UseEnd How) : UsesMessage;

    /// <summary>The actor of a use is gone.</summary>
    internal sealed record Gone(string Key) : UsesMessage;
}
