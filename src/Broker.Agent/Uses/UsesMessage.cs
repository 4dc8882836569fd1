using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Uses;

/// <summary>What <c>/uses</c> is told.</summary>
internal abstract record UsesMessage
{
    /// <summary>
    /// Begin a use, or go on with one by what another hand-off brings; its owner hears of its end exactly once.
    /// </summary>
    /// <param name="Delivery">What the use is given.</param>
    /// <param name="Owner">Who hears of its end.</param>
    /// <param name="Replaces">The hand-off whose use goes on; zeros where one begins.</param>
    internal sealed record Begin(
        UseDelivery Delivery, ActorRef<HandOffMessage> Owner, Id16 Replaces = default) : UsesMessage, IDisposable
    {
        public void Dispose() => Delivery.Dispose();
    }

    /// <summary>End every use of a hand-off.</summary>
    internal sealed record End(Id16 HandOff) : UsesMessage;

    /// <summary>A use says how it ended.</summary>
    internal sealed record Ended(string Key, UseEnd How) : UsesMessage;

    /// <summary>A use goes on with what replaced the rest, which is wiped.</summary>
    internal sealed record Replaced(string Key) : UsesMessage;

    /// <summary>A use goes on with what it had.</summary>
    internal sealed record NotReplaced(string Key, UseEnd How) : UsesMessage;

    /// <summary>The actor of a use is gone.</summary>
    internal sealed record Gone(string Key) : UsesMessage;
}
