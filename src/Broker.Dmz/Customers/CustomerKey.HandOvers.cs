using Broker.Actors;
using Broker.Dmz.HandOvers;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Customers;

/// <summary>
/// Hand-overs: after a promotion that asks for it, agents that hold an earlier version get the new one. A child finds them and has the
/// zone release; here it is decided whether the promotion still stands, and that what it replaces is open.
/// </summary>
internal sealed partial class CustomerKey
{
    private ActorRef<HandOverMessage>? _handOvers;

    private bool ReceiveHandOver(CustomerKeyMessage message)
    {
        if (message is not CustomerKeyMessage.WhoIsHere who)
        {
            return false;
        }

        who.ReplyTo.Tell(new ConnectedHolders(_sessions.Keys.ToList().Where(agent => Session(agent) is not null).ToHashSet()));
        return true;
    }

    /// <summary>An order may stand under the head.</summary>
    private void LookForHandOvers()
    {
        var refs = new CustomerRefs(_customer, Context.Self);
        _handOvers ??= Context.Spawn(Props<HandOverMessage>.Of(() => new HandOverDriver(_node, refs, _log)), "hand-overs");
        _handOvers.Tell(new HandOverMessage.Look());
    }

    /// <summary>
    /// Whether the promotion stands under the head with its order, its version is still the current one, and the agent has the use
    /// that is to be replaced open, with the same credentials in the same uses.
    /// </summary>
    private Refused? VerifyHandOver(LaunchOrder order, Dictionary<EntryKey, ProvenEntry> entries)
    {
        var promotion = order.Promotion!;
        if (!entries.TryGetValue(EntryKey.HandOver(promotion.Credential), out var proven) ||
            _leaves.Read<HandOverOrder>(proven) is not { } stands || !stands.Request.Span.SequenceEqual(order.Request.Encode()) ||
            !entries.TryGetValue(EntryKey.Credential(promotion.Credential), out var credential) ||
            _leaves.Read<CredentialEntry>(credential)?.Version != promotion.Version)
        {
            return new Refused(Codes.HandOverEnded, "the promotion hands nothing over any more");
        }

        return _uses.TryGetValue(order.Replaces, out var use) && use.Agent == order.Launch.Agent &&
            use.Items is { } items && Asked(items).SetEquals(Asked(order.Launch.Items))
            ? null
            : new Refused(Codes.UseNotOpen, "the agent has no use of that hand-off open, or of other credentials");
    }

    private static HashSet<(Name Credential, Name Use)> Asked(IReadOnlyList<LaunchItem> items) =>
        [.. items.Select(static i => (i.Credential, i.Use))];
}
