using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// The batches of a rotation. While one is being committed, the rows of the next are verified and encrypted anew; the two are proven
/// under the same head, and the proof of the second is moved on over what the first replaced. Whatever else moves the head makes
/// what waits worthless, and the writer asks the zone again.
/// </summary>
internal sealed partial class CustomerKey
{
    private Resealed? _resealed;
    private Rotated? _rotated;

    private bool ReceiveRotation(CustomerKeyMessage message)
    {
        switch (message)
        {
            case CustomerKeyMessage.Reseal m:
                m.ReplyTo.Tell(OnReseal(m));
                return true;
            case CustomerKeyMessage.PrepareRotation m:
                m.ReplyTo.Tell(OnPrepareRotation());
                return true;
            default:
                return false;
        }
    }

    private Result<RowsResealed> OnReseal(CustomerKeyMessage.Reseal message)
    {
        _resealed = null;
        if (_state != KeyState.Unlocked || _secret is not { Predecessor: not null } secret)
        {
            return LockedRefusal();
        }

        var rows = new List<OldRow>(message.Given.Rows.Count);
        var isSorted = true;
        foreach (var row in message.Given.Rows)
        {
            rows.Add(OldRow.From(row));
            isSorted = isSorted && (rows.Count == 1 || DigestOrder.Instance.Compare(rows[^2].LeafKey, rows[^1].LeafKey) < 0);
        }

        // Most databases give them in this order.
        if (!isSorted)
        {
            rows.Sort(static (a, b) => DigestOrder.Instance.Compare(a.LeafKey, b.LeafKey));
        }

        if (BelieveRotation(message.Given.Receipt.Memory, rows.ConvertAll(static r => r.Leaf)) is { } disbelieved)
        {
            return disbelieved;
        }

        var head = WireSigned.From(message.Given.Head);
        if (!Knows(head, out var known) && !FollowedBy(head, out known))
        {
            AskWhoOwns();
            return new Refused(Codes.HeadUnknown, "the zone answered under another head; try again, and look at the zone if it lasts");
        }

        if (Proven(message.Given.Proof.Span, rows, known.Value.Root) is not { } proof)
        {
            Log.Forged(_log, _customer, EntryKey.RowType);
            ReportRefusal($"node/{_node.Node}", "prove", Codes.EntryForged);
            return new Refused(Codes.EntryForged, "a row does not stand under the customer's head");
        }

        try
        {
            return Reseal(secret, rows, proof);
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }
        catch (SecretMemoryExhaustedException)
        {
            return new Refused(Codes.Busy, "the node's locked memory is full; try again, or raise broker.secrets.capacity");
        }
    }

    private Result<RowsResealed> Reseal(CustomerSecret secret, List<OldRow> rows, BatchProof proof)
    {
        using var resealer = new RowResealer(secret, _node.Random);
        var next = new List<NewRow>(rows.Count);
        foreach (var row in rows)
        {
            switch (resealer.TryReseal(row.Key, row.Row.Span, out var encoding))
            {
                case RowFailure.None:
                    next.Add(new NewRow(row.Key, row.LeafKey, TreeHash.Leaf(row.LeafKey, Digest.Of(encoding)), encoding!));
                    break;
                case RowFailure.WrongKey:
                    return new Refused(Codes.RowWrongKey, "the row was encrypted under another key or epoch");
                case RowFailure.WrongPlace:
                    return new Refused(Codes.RowWrongPlace, "the row belongs to another place or epoch");
                default:
                    return new Refused(Codes.RowAltered, "the row was altered");
            }
        }

        _resealed = new Resealed(proof, next, _fence);
        return new RowsResealed(next.Count);
    }

    private Result<PreparedChanges> OnPrepareRotation()
    {
        if (_state != KeyState.Unlocked || _head is not { } head)
        {
            return LockedRefusal();
        }

        if (_pending is not null)
        {
            return new Refused(Codes.Busy, "another change is in flight");
        }

        var waiting = _resealed;
        _resealed = null;
        if (waiting is null || waiting.Fence != _fence || !IsUnder(waiting.Proof, head.Value.Root))
        {
            return new Refused(Codes.CounterStale, "the head moved on meanwhile; the rows are asked for again");
        }

        // A row that the batch before replaced too is passed over.
        var rows = new List<NewRow>(waiting.Rows.Count);
        var leaves = new Digest[waiting.Rows.Count];
        for (var i = 0; i < leaves.Length; i++)
        {
            if (!waiting.Proof.IsOvertaken(i))
            {
                rows.Add(waiting.Rows[i]);
                leaves[i] = waiting.Rows[i].Leaf;
            }
        }

        if (rows.Count == 0)
        {
            return new Refused(Codes.CounterStale, "the rows were encrypted anew before");
        }

        // The batch that comes meanwhile is proven under this head, and follows what is replaced behind it alone.
        waiting.Proof.Settle();
        waiting.Proof.Replace(leaves);
        _rotated = new Rotated(head, waiting.Proof);
        var next = head.Value with
        {
            Counter = head.Value.Counter + 1,
            Root = waiting.Proof.Root,
            LedgerPosition = _ledger.Position,
            LedgerHash = _ledger.Hash,
        };
        var signed = _secret!.Sign(next);
        _pending = new Pending(
            new Head(next, signed), rows.ConvertAll(static r => (r.LeafKey, r.Leaf)), rows.ConvertAll(static r => r.Key));
        return new PreparedChanges([], [], [], rows.ConvertAll(static r => r.ToWire()), signed, head.Value.Counter, _fence);
    }

    /// <summary>Whether the proof is of this tree; one of the tree before the last batch is moved on over it.</summary>
    private bool IsUnder(BatchProof proof, Digest root)
    {
        if (proof.Root != root && _rotated is { } last && last.Proof.Before == proof.Before && last.Proof.Root == root)
        {
            proof.Follow(last.Proof);
        }

        return proof.Root == root;
    }

    /// <summary>Whether a head is the one that the last batch followed: the zone read before that one and answered behind it.</summary>
    private bool FollowedBy(Signed head, out Head known)
    {
        known = _head!;
        if (_rotated is not { } last || _head is not { } current ||
            (last.Proof.Root != current.Value.Root && last.Proof.Root != _pending?.Head.Value.Root) ||
            !last.Followed.Signed.Statement.Span.SequenceEqual(head.Statement.Span))
        {
            return false;
        }

        known = last.Followed;
        return true;
    }

    private static BatchProof? Proven(ReadOnlySpan<byte> encoding, List<OldRow> rows, Digest root)
    {
        try
        {
            var proof = BatchProof.Read(encoding, rows.ConvertAll(static r => (r.LeafKey, r.Leaf)));
            return proof.Root == root ? proof : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    /// <summary>A row of the epoch before, as the zone gave it.</summary>
    private readonly record struct OldRow(EntryKey Key, Digest LeafKey, Digest Leaf, ReadOnlyMemory<byte> Row)
    {
        public static OldRow From(Wire.Entry entry)
        {
            var key = new EntryKey(entry.Type, entry.Id);
            var leafKey = key.LeafKey;
            return new OldRow(key, leafKey, TreeHash.Leaf(leafKey, Digest.Of(entry.Statement.Span)), entry.Statement.Memory);
        }
    }

    /// <summary>The same row under the epoch's own secret; ciphertext, as it goes to the zone.</summary>
    private readonly record struct NewRow(EntryKey Key, Digest LeafKey, Digest Leaf, byte[] Row)
    {
        public Wire.EntryChange ToWire() => new()
        {
            Type = Key.Type,
            Id = Key.Id,
            Statement = UnsafeByteOperations.UnsafeWrap(Row),
            Signature = ByteString.Empty,
        };
    }

    /// <summary>Rows that wait for a head.</summary>
    private sealed record Resealed(BatchProof Proof, List<NewRow> Rows, ulong Fence);

    /// <summary>The last batch that was put under a head, and the head that it followed.</summary>
    private sealed record Rotated(Head Followed, BatchProof Proof);
}
