using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Link;
using Broker.Agent.State;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Agent.Session;

/// <summary>What the session works with. It outlives the session's incarnations; whoever made it disposes what needs that.</summary>
internal sealed record SessionParts
{
    internal required Enrolled Enrolled { get; init; }

    internal required Id16 Boot { get; init; }

    internal required Witness Witness { get; init; }

    internal required HandOffJournal Journal { get; init; }

    internal required StatusFile Status { get; init; }

    internal required IReadOnlyDictionary<Name, NamedUse> Uses { get; init; }

    internal required UseSlots Slots { get; init; }

    internal required ILinkDialer Dialer { get; init; }

    internal required SessionSettings Settings { get; init; }

    internal required ActorRef<CredentialsMessage> Credentials { get; init; }

    internal required ILogger Logger { get; init; }
}
