using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// Rotation: a new secret whose custody is confirmed before anything is committed; then the new identity signs, and rows of the epoch
/// before are encrypted anew in the background. Both secrets are held until none is left, and custody keeps both together, so that
/// a crash at any row costs nothing but the unlock.
/// </summary>
internal sealed partial class CustomerKey
{
    private long _appendsOfEpochBefore;

    private Result<Protocol.Api.EnrolledModel> BeginRotation(
        CustomerKeyMessage.BeginCustody message, RotatePayload payload, Dictionary<EntryKey, ProvenEntry> proven)
    {
        payload.Validate();
        if ((VerifyCustody(message, proven, payload.AdministratorsRequired) ?? VerifyTokens(payload.Ways)) is { } refused)
        {
            return refused;
        }

        if (_secret!.Predecessor is not null)
        {
            return new Refused(
                Codes.RotationUnfinished, "the rotation before is unfinished; wait until no row of the earlier epoch is left");
        }

        if (payload.Epoch != _custody!.Epoch + 1)
        {
            return CustodyMoved(_custody);
        }

        var secret = _secret.Succeed(_node.Random);
        try
        {
            var setup = CustodySetup.Make(
                _node, secret, payload.Ways, payload.AdministratorsRequired, revision: 1, message.Request.Hash);
            return Begin(new CustodyChange(message.Request, message.Action, setup, secret)) with
            {
                Succession = Protocol.Api.SignedModel.From(Successions.Make(secret, payload.Compromised)),
            };
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary>The epoch is committed: from here on its identity signs. Sessions end, since agents are to see its succession.</summary>
    private void BeginEpoch(CustomerSecret secret)
    {
        EndSessions(Codes.EpochChanged);
        (_resealed, _rotated) = (null, null);
        _secret!.Dispose();
        _secret = secret;
        _appendsOfEpochBefore = _appends;
        Log.Rotated(_log, _customer, secret.Epoch);
        ContinueRotation();
    }

    /// <summary>
    /// Has the writer go on with the rows of the epoch before, also after a restart: what is left is all there is to know.
    /// </summary>
    private void ContinueRotation()
    {
        if (_secret?.Predecessor is not null)
        {
            _writer!.Tell(new WriterMessage.Rotate(_secret.Epoch, _fence));
        }
    }

    private Refused? BelieveRotation(Change.Rotation change) => BelieveRotation(
        change.Receipt, [.. change.Rows.Select(static r => TreeHash.Leaf(r.Key.LeafKey, Digest.Of(r.Row.Span)))]);

    /// <summary>Whether the zone recorded the intent for the rows of these leaves, under this fence, a moment ago.</summary>
    private Refused? BelieveRotation(ReadOnlyMemory<byte> receipt, IReadOnlyList<Digest> leaves)
    {
        if (_secret!.Predecessor is null || _node.Ledger.Key is not { } ledger)
        {
            return new Refused(Codes.ReceiptOfAnother, "no rotation is under way here");
        }

        Block? block;
        RotationIntent intent;
        try
        {
            block = Statement.Read<Receipt>(receipt.Span).Verify(ledger, _node.Cluster, _batches);
            if (block is null)
            {
                return new Refused(Codes.ReceiptForged, "the zone's receipt does not verify");
            }

            if (block.Kind != BlockKind.Rotation || block.Chain != _customer.Value)
            {
                return new Refused(Codes.ReceiptOfAnother, "the receipt is of another customer or not of a rotation");
            }

            intent = Statement.Read<RotationIntent>(block.Body.Span);
        }
        catch (MalformedException)
        {
            return new Refused(Codes.ReceiptForged, "the zone's answer is malformed");
        }

        return intent switch
        {
            _ when intent.Fence != _fence => new Refused(Codes.FenceStale, "the receipt is under another fence"),
            _ when intent.LockGeneration != _lockGeneration =>
                new Refused(Codes.LockStands, "the receipt is under another lock generation"),
            _ when intent.Epoch != _secret.Epoch || !AreSame(leaves, intent.Leaves) =>
                new Refused(Codes.ReceiptOfAnother, "the intent is of other rows"),
            _ when !ReplayWindow.IsFresh(block.Time, _node.Time.GetUtcNow()) =>
                new Refused(Codes.ReceiptStale, "the receipt is too old; look at the clocks"),
            _ => null,
        };
    }

    private static bool AreSame(IReadOnlyList<Digest> leaves, IReadOnlyList<Digest> said) => leaves.Count == said.Count &&
        (leaves.SequenceEqual(said) || leaves.Order(DigestOrder.Instance).SequenceEqual(said.Order(DigestOrder.Instance)));

    /// <summary>
    /// Why the zone's custody record is not by the identity that is held. A later epoch is believed by its succession from here, so that
    /// a rotation elsewhere accuses nobody; one that was declared compromised has no proof, and its own code.
    /// </summary>
    private string Overtaken(Signed custody, Protocol.Wire.Zone.CustomerState state)
    {
        try
        {
            var record = custody.Read<CustodyRecord>();
            if (record.Epoch <= _secret!.Epoch || !custody.IsBy(record.Identity))
            {
                return Codes.CustodyForged;
            }

            return SuccessionChain.Follow(
                _secret.Identity.Fingerprint, record.Identity.Fingerprint, [.. state.Successions.Select(WireSigned.From)], _node.Cluster,
                _customer) switch
            {
                SuccessionOutcome.Followed => Codes.EpochChanged,
                SuccessionOutcome.Broken => Codes.SuccessionBroken,
                _ => Codes.CustodyForged,
            };
        }
        catch (MalformedException)
        {
            return Codes.CustodyForged;
        }
    }

    /// <summary>A holder that does not own hears from the owner's head that no row needs the secret of the epoch before.</summary>
    private void EndRotation(LoadedCustomer loaded, Head head)
    {
        if (_secret is { Predecessor: { } old } && loaded.Before is { } entry && entry.Key == EntryKey.Custody(old.Epoch) &&
            entry.Leaf == Digest.Zero && entry.LeadsTo(head.Value.Root))
        {
            EndRotation();
        }
    }

    /// <summary>No row needs it any more, by a head of our own: the secret of the epoch before is wiped.</summary>
    private void EndRotation()
    {
        if (_secret is { Predecessor: { } old })
        {
            Log.RotationEnded(_log, _customer, old.Epoch);
            (_resealed, _rotated) = (null, null);
            _secret.ForgetPredecessor();
        }
    }
}
