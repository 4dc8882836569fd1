using Broker.Actors;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// The receiver's half of a transfer: <c>Locked → Receiving → Holding</c>. What came is the customer's only if it signed the intent and
/// the custody record that the zone has. A holder that does not own opens and signs nothing, and looks whether it may hold on.
/// </summary>
internal sealed partial class CustomerKey
{
    private const string HoldTimer = "hold";

    private static readonly TimeSpan HoldInterval = TimeSpan.FromSeconds(30);

    private (Digest Hash, Digest Holder, uint Epoch, Digest Admission)? _requested;
    private ReplyTo<Result<KeyStatus>>? _receiver;
    private Signed? _handedOver;

    /// <summary>The zone was asked about what is held, and a claim that is wanted meanwhile has its answer to go by.</summary>
    private bool _isLooking;

    private Result<Signed> OnRequestTransfer(CustomerKeyMessage.RequestTransfer message)
    {
        if (_secret is not null || _state == KeyState.Enrolling)
        {
            return AlreadyHeld;
        }

        if (_state == KeyState.Unknown)
        {
            // Enrolled since, on another node: it is that one which is asked.
            _state = KeyState.Locked;
        }

        var request = new TransferRequest(
            _node.Cluster, _customer, message.Epoch, _node.Node, _node.Incarnation.Key.Fingerprint, message.Holder, message.Admission,
            _node.NewNonce(), _node.Time.GetUtcNow() + TransferRequest.MaxLife).Encode();
        var signed = new Signed(request, _node.Incarnation.Sign(request));
        _requested = (signed.Hash, message.Holder, message.Epoch, message.Admission);
        return signed;
    }

    private void OnTakeTransfer(CustomerKeyMessage.TakeTransfer message)
    {
        if (_secret is not null)
        {
            message.ReplyTo.Tell(AlreadyHeld);
        }
        else if (Open(message.Transfer) is { } refused)
        {
            message.ReplyTo.Tell(refused);
        }
        else
        {
            (_state, _receiver, _handedOver) = (KeyState.Receiving, message.ReplyTo, message.Transfer.HandOver);
            Context.StartTimer(AbandonTimer, new CustomerKeyMessage.Abandon(_turn), _node.Limits.ShareTimeout);
            _writer!.Tell(new WriterMessage.Load());
        }
    }

    private Refused? Open(SealedTransfer transfer)
    {
        if (_requested is not { } asked)
        {
            return new Refused(TransferCodes.NotRequested, "nothing was asked for");
        }

        _requested = null;
        IReadOnlyList<CustomerSecret> secrets;
        try
        {
            var intent = transfer.Intent.Read<TransferIntent>();
            if (intent.Request != asked.Hash || intent.Cluster != _node.Cluster || intent.Customer != _customer ||
                intent.Holder != asked.Holder || intent.Epochs[^1] != asked.Epoch)
            {
                return new Refused(TransferCodes.OfAnother, "what came is not what was asked for");
            }

            var content = _node.Incarnation.Open(intent.Info(transfer.Intent.Hash, asked.Admission), [], transfer.Sealed.Span);
            secrets = TransferSeal.Take(content, _node.Cluster, _customer, intent.Epochs);
        }
        catch (SealedDataException)
        {
            return new Refused(TransferCodes.Altered, "what came was altered, or sealed for something else");
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }

        return Keep(secrets, transfer);
    }

    private Refused? Keep(IReadOnlyList<CustomerSecret> secrets, SealedTransfer transfer)
    {
        var current = secrets[^1];
        if (!transfer.Intent.IsBy(current.Identity) || secrets.Any(s => s != current && s.Epoch + 1 != current.Epoch))
        {
            foreach (var secret in secrets)
            {
                secret.Dispose();
            }

            return new Refused(TransferCodes.Forged, "the intent is not signed by the identity of the secret that came");
        }

        if (secrets.Count > 1)
        {
            current.Adopt(secrets[0]);
        }

        ClearShares(keepWitnesses: true);
        _secret = current;
        if (transfer.Head.IsBy(current.Identity))
        {
            try
            {
                _witnesses.Add(transfer.Head.Read<CustomerHead>());
            }
            catch (MalformedException)
            {
                // A holder whose head is none is no witness; the node's own file may be.
            }
        }

        return null;
    }

    /// <summary>The zone's word on a customer that is held, not owned; false where it is for somebody else.</summary>
    private bool LoadedWhileHolding(Result<LoadedCustomer> result)
    {
        _isLooking = false;
        if (_secret is null || _state is not (KeyState.Receiving or KeyState.Holding))
        {
            return false;
        }

        if (result.Value is not { } loaded)
        {
            if (_state == KeyState.Receiving)
            {
                FailHolding(result.Code!);
            }
            else if (_isTakingOver)
            {
                NotTaken(result.Code!);
            }
            else
            {
                WatchHolding();
            }

            return true;
        }

        if (EndsWithEpoch(loaded))
        {
            return true;
        }

        var code = Examine(loaded, out var custody, out var head) ??
            (loaded.State.LockGeneration > loaded.State.LiftedGeneration ? Codes.LockStands : null);
        if (code is Codes.HeadRolledBack && _state == KeyState.Holding)
        {
            // The zone is behind what this holder has seen: nothing is claimed over that, and the secret is worth keeping the more.
            NotTaken(code);
        }
        else if (code is not null)
        {
            FailHolding(code);
        }
        else
        {
            Hold(loaded, custody, head);
        }

        return true;
    }

    private void Hold(LoadedCustomer loaded, Protocol.Custody.CustodyRecord custody, Head head)
    {
        _witnesses.Clear();
        _witnesses.Add(head.Value);
        _custody = custody;
        EndRotation(loaded, head);
        SawOwner(loaded);
        if (_state == KeyState.Receiving)
        {
            _state = KeyState.Holding;
            _lastFailure = null;
            _turn++;
            Context.CancelTimer(AbandonTimer);
            TransferLog.Holding(_log, _customer);
            if (_handedOver is null || VerifyHandOver(_handedOver) is not null)
            {
                _handedOver = null;
                Answer(Status());
            }
            else
            {
                (_isTakingOver, _claims) = (true, 0);
            }
        }

        if (_isTakingOver || IsOwnedBy(loaded))
        {
            Claim(loaded, head);
        }
        else
        {
            WatchHolding();
        }
    }

    private void OnHoldCheck(CustomerKeyMessage.HoldCheck message)
    {
        if (_state == KeyState.Holding && (message.Turn ?? _turn) == _turn && !_isLooking && !_isTakingOver)
        {
            _isLooking = true;
            _writer!.Tell(new WriterMessage.Load());
        }
    }

    private void WatchHolding() => Context.StartTimer(HoldTimer, new CustomerKeyMessage.HoldCheck(_turn), HoldInterval);

    private void FailHolding(string code)
    {
        Answer(new Refused(code, "what came is not held: the zone's word on the customer does not allow it"));
        Fail(code);
    }

    private void Answer(Result<KeyStatus> result)
    {
        _receiver?.Tell(result);
        _receiver = null;
    }

    /// <summary>What began between holders ends with the secret.</summary>
    private void ClearTransfers()
    {
        _offers.Clear();
        _backupChecks.Clear();
        _tickets.Clear();
        (_requested, _handedOver, _isTakingOver, _overtakes, _yieldingUntil) = (null, null, false, null, null);
        Answer(LockedRefusal());
    }

    private static Refused AlreadyHeld { get; } = new(TransferCodes.AlreadyHeld, "this node holds the customer already");
}
