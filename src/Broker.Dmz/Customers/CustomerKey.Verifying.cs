using Broker.Protocol.Directory;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <content>What is believed: entries under a head that this actor signed, requests that a user of the directory signed.</content>
internal sealed partial class CustomerKey
{
    /// <summary>Whether a head that the zone names is the one that this actor signed last, or the one that it is about to commit.</summary>
    private bool Knows(Signed head, out Head known)
    {
        known = _head!;
        if (_head is { } current && current.Signed.Statement.Span.SequenceEqual(head.Statement.Span))
        {
            return true;
        }

        if (_pending is { } pending && pending.Head.Signed.Statement.Span.SequenceEqual(head.Statement.Span))
        {
            known = pending.Head;
            return true;
        }

        return false;
    }

    /// <summary>Verifies that what is brought for a change stands under the head that this actor signed last.</summary>
    /// <param name="message">What is brought.</param>
    /// <param name="tree">The tree of that head; gets what was proven of many together.</param>
    /// <param name="proven">The entries.</param>
    private Refused? Prove(CustomerKeyMessage.Prepare message, PartialTree tree, out Dictionary<EntryKey, ProvenEntry> proven)
    {
        if (Prove([.. message.Entries.Where(static e => e.Proof is not null)], message.Head, out proven) is { } refused)
        {
            return refused;
        }

        foreach (var proof in message.Proofs)
        {
            if (!tree.TryAdd(proof.Span))
            {
                return Forged("proof", "the proof of the entries does not lead to the customer's head");
            }
        }

        foreach (var entry in message.Entries)
        {
            if (entry.Proof is null && !_leaves.IsUnder(tree, entry))
            {
                return Forged(entry.Key.Type, $"a {entry.Key.Type} entry does not stand under the customer's head");
            }

            proven[entry.Key] = entry;
        }

        return null;
    }

    private Refused Forged(string type, string detail)
    {
        Log.Forged(_log, _customer, type);
        ReportRefusal($"node/{_node.Node}", "prove", Codes.EntryForged);
        return new Refused(Codes.EntryForged, detail);
    }

    /// <summary>Verifies that entries stand under a head that this actor knows.</summary>
    private Refused? Prove(IReadOnlyList<ProvenEntry> entries, Signed head, out Dictionary<EntryKey, ProvenEntry> proven)
    {
        proven = [];
        if (!Knows(head, out var known))
        {
            AskWhoOwns();
            return new Refused(Codes.HeadUnknown, "the zone answered under another head; try again, and look at the zone if it lasts");
        }

        foreach (var entry in entries)
        {
            var under = ReferenceEquals(known, _head)
                ? _leaves.IsUnder(known.Value.Root, entry)
                : entry.LeadsTo(known.Value.Root);
            if (!under)
            {
                return Forged(entry.Key.Type, $"a {entry.Key.Type} entry does not stand under the customer's head");
            }

            proven[entry.Key] = entry;
        }

        return null;
    }

    private Result<VerifiedUser> Verify(
        SignedRequest request, UserAction action, IReadOnlyList<ProvenEntry> entries, Signed head)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (Prove(entries, head, out var proven) is { } refused)
        {
            return refused;
        }

        var verified = VerifyRequest(request, action, proven, grave: false);
        return verified.Refusal is { } code
            ? Refuse(code)
            : new VerifiedUser(verified.Requester!.User, verified.Requester.Role);
    }

    private VerifiedRequest VerifyRequest(
        SignedRequest request, UserAction action, Dictionary<EntryKey, ProvenEntry> proven, bool grave) => RequestVerifier.Verify(
            request, _node.Cluster, _customer, action,
            user => proven.TryGetValue(EntryKey.User(user), out var entry) ? _leaves.Read<UserEntry>(entry) : null,
            _custody!.AdministratorsRequired, grave, _node.Time.GetUtcNow());

    private static Refused Refuse(string code) => new(code, code switch
    {
        RequestRefusal.Expired => "the request's time is over; sign it again",
        RequestRefusal.CoSignatureNeeded => "another administrator has to sign the same request; see brokerctl --co-sign",
        RequestRefusal.UnknownUser => "the user is not in the customer's directory",
        RequestRefusal.RoleForbids => "the user's role may not do this",
        _ => "the request is not one that a user of this customer signed",
    });
}
