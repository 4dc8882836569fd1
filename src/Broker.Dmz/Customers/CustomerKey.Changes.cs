using Broker.Actors;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Changes of rows and directory: each is verified by itself and sees those before it; those that hold are put under one new head.
/// One head is in flight at a time; until the zone's answer is certain the actor accepts both.
/// </summary>
internal sealed partial class CustomerKey
{
    private void OnSubmit(CustomerKeyMessage.Submit message)
    {
        if (_state != KeyState.Unlocked)
        {
            message.ReplyTo.Tell(LockedRefusal());
        }
        else if (_writer!.TryTell(new WriterMessage.Submit(message.Change, message.ReplyTo)) != TellResult.Accepted)
        {
            message.ReplyTo.Tell(new Refused(Codes.Busy, "too many changes of this customer wait; try again"));
        }
    }

    private Result<PreparedChanges> OnPrepare(CustomerKeyMessage.Prepare message)
    {
        if (_state != KeyState.Unlocked || _head is not { } head)
        {
            return LockedRefusal();
        }

        if (_pending is not null)
        {
            return new Refused(Codes.Busy, "another change is in flight");
        }

        var tree = new PartialTree(head.Value.Root);
        if (Prove(message, tree, out var proven) is { } refused)
        {
            return refused;
        }

        var isEpoch = message.Changes is [{ IsAlone: true }];
        var signer = isEpoch ? _change?.Secret ?? _secret! : _secret!;
        var set = new ChangeSet(_node, signer, _custody!, proven, _leaves, head.Value.Counter + 1);
        var results = message.Changes.Select(c => Believe(c) is { } forged ? forged : set.Apply(c)).ToList();
        ReportRefusals(message.Changes, results);
        var entries = set.Entries();
        if (entries.Count == 0)
        {
            if (set.EndsRotation)
            {
                EndRotation();
            }

            return new PreparedChanges(
                [.. results.Select(r => r.Refusal)], [.. results.Select(r => r.Version)], [.. results.Select(r => r.Grant)], [], null,
                head.Value.Counter, _fence);
        }

        foreach (var (key, _) in entries)
        {
            if (proven[key].Proof is { } proof && !tree.TryAdd(proven[key].LeafKey, proven[key].Leaf, proof))
            {
                return new Refused(Codes.EntryForged, $"the proof of a {key.Type} entry is not one");
            }
        }

        var leaves = new List<(Digest Key, Digest Leaf)>();
        foreach (var (key, signed) in entries)
        {
            var leafKey = proven[key].LeafKey;
            var leaf = signed is null ? Digest.Zero : TreeHash.Leaf(leafKey, Digest.Of(signed.Statement.Span));
            tree.Update(leafKey, leaf);
            leaves.Add((leafKey, leaf));
        }

        var next = head.Value with
        {
            Epoch = signer.Epoch,
            Counter = head.Value.Counter + 1,
            Root = tree.Root,
            LedgerPosition = _ledger.Position,
            LedgerHash = _ledger.Hash,
        };
        var signedHead = signer.Sign(next);
        _pending = new Pending(new Head(next, signedHead), leaves, [.. entries.Select(e => e.Key)])
        {
            Custody = set.NextCustody,
            EndsRotation = set.EndsRotation,
        };
        return new PreparedChanges(
            [.. results.Select(r => r.Refusal)],
            [.. results.Select(r => r.Version)],
            [.. results.Select(r => r.Grant)],
            [.. entries.Select(e => ToWire(e.Key, e.Signed))],
            signedHead,
            head.Value.Counter,
            _fence);
    }

    private void ReportRefusals(IReadOnlyList<Change> changes, List<ChangeResult> results)
    {
        foreach (var (change, result) in changes.Zip(results))
        {
            var (principal, action) = change switch
            {
                Change.ByUser { Request.Signatures: [var first, ..] } c => ($"user/{first.User}", c.Action.Name),
                Change.Enrolment { Invitation.Signatures: [var first, ..] } => ($"user/{first.User}", UserAction.InviteAgent.Name),
                _ => ("", ""),
            };
            if (principal.Length > 0 && result.Refusal is { Code: not (Codes.Malformed or Codes.Busy) } refusal)
            {
                ReportRefusal(principal, action, refusal.Code);
            }
        }
    }

    private void OnSettled(CustomerKeyMessage.Settled message)
    {
        if (_pending is not { } pending)
        {
            return;
        }

        _pending = null;
        if (_state != KeyState.Unlocked)
        {
            return;
        }

        if (message.Committed)
        {
            OnCommitted(pending, message.Ledger);
        }

        if (_appending.Count == 0)
        {
            AppendEnded();
        }
    }

    private void OnCommitted(Pending pending, LedgerPoint? ledger)
    {
        _head = pending.Head;
        _leaves.Apply(pending.Leaves);
        _ledger = ledger ?? _ledger;
        if (pending.Custody is { } custody)
        {
            OnCustodyCommitted(custody);
        }

        if (pending.EndsRotation)
        {
            EndRotation();
        }

        if (pending.Keys.Any(static k => k.Type == EntryKey.HandOverType))
        {
            LookForHandOvers();
        }

        foreach (var key in pending.Keys.Where(k => k.Type == EntryKey.GrantType))
        {
            ForgetRemovedAgent(key, pending);
        }
    }

    private static Wire.EntryChange ToWire(EntryKey key, Signed? signed)
    {
        var change = new Wire.EntryChange { Type = key.Type, Id = key.Id };
        if (signed is not null)
        {
            change.Statement = UnsafeByteOperations.UnsafeWrap(signed.Statement);
            change.Signature = UnsafeByteOperations.UnsafeWrap(signed.Signature);
        }

        return change;
    }
}
