using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Dmz.Witnesses;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Drives one change of a customer at a time: entries with proofs from the zone, the key actor's word, witness "prepared",
/// commit, witness "committed", acknowledgement. Changes that arrive meanwhile go under the next head together. It waits for the
/// zone so that the key actor never does, and it decides nothing.
/// </summary>
internal sealed partial class CustomerWriter : Actor<WriterMessage>
{
    private const string WrongHead = "wrong-head";
    private const int MaxBatch = 64;

    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly DmzContext _node;
    private readonly Name _customer;
    private readonly ActorRef<CustomerKeyMessage> _key;
    private readonly WitnessFile _witness;
    private readonly ILogger _log;
    private readonly Queue<Waiting> _waiting = [];
    private bool _scheduled;

    // Counter of the last head that was committed or claimed through here. There is no other way, so the zone cannot be behind it.
    private ulong _committed;

    public CustomerWriter(DmzContext node, Name customer, ActorRef<CustomerKeyMessage> key, ILogger log)
    {
        _node = node;
        _customer = customer;
        _key = key;
        _log = log;
        _witness = new WitnessFile(node.WitnessDirectory, node.Cluster, customer);
    }

    protected override async ValueTask Receive(WriterMessage message)
    {
        switch (message)
        {
            case WriterMessage.Submit m:
                Add(new Waiting(m.Change, result => m.ReplyTo.Tell(result)));
                break;
            case WriterMessage.Renew m:
                Add(new Waiting(m.Change, result => _key.Tell(new CustomerKeyMessage.Renewed(m.Change.Agent, result))));
                break;
            case WriterMessage.ChangeCustody m:
                Add(new Waiting(m.Change, result => _key.Tell(new CustomerKeyMessage.CustodyChanged(m.Change.Request.Hash, result))));
                break;
            case WriterMessage.Rotate m:
                await Rotate(m);
                break;
            case WriterMessage.Flush:
                _scheduled = false;
                await Flush();
                break;
            case WriterMessage.Forget m:
                await Forget(m.FromTheStart);
                break;
            case WriterMessage.Enrol m:
                _key.Tell(new CustomerKeyMessage.Enrolled(await Enrol(m)));
                break;
            case WriterMessage.Load:
                _key.Tell(new CustomerKeyMessage.Loaded(await Load()));
                break;
            case WriterMessage.SawLock m:
                SawLock(m.Generation);
                break;
            case WriterMessage.Claim m:
                _key.Tell(new CustomerKeyMessage.Claimed(await Claim(m)));
                break;
            default:
                Context.Unhandled(message);
                break;
        }
    }

    private void Add(Waiting waiting)
    {
        _waiting.Enqueue(waiting);
        if (!_scheduled)
        {
            _scheduled = true;
            // Behind whatever is queued already: those changes join this batch.
            Context.Self.Tell(new WriterMessage.Flush());
        }
    }

    private async Task Flush()
    {
        while (_waiting.Count > 0)
        {
            var batch = new List<Waiting>();
            while (batch.Count < MaxBatch && _waiting.TryPeek(out var next) &&
                (batch.Count == 0 || !(next.Change.IsAlone || batch[0].Change.IsAlone)))
            {
                batch.Add(_waiting.Dequeue());
            }

            try
            {
                await Change(batch);
            }
            catch (ZoneRefusedException refused)
            {
                batch.ForEach(w => w.Reply(new Refused(refused.Code, refused.Detail)));
            }
            catch (ZoneUnavailableException)
            {
                batch.ForEach(w => w.Reply(ZoneGone));
            }
            catch (MalformedException)
            {
                batch.ForEach(w => w.Reply(ZoneLies));
            }
            catch (Exception problem) when (IsOfTheDisk(problem))
            {
                var told = NotWitnessed(problem);
                batch.ForEach(w => w.Reply(told));
            }
            catch (Exception busy) when (busy is AskTimeoutException or ActorBusyException)
            {
                GiveUpPrepared();
                batch.ForEach(w => w.Reply(new Refused(Codes.Busy, "the customer's key is busy; try again")));
            }
        }
    }

    private async Task Change(List<Waiting> batch)
    {
        var changes = Wellformed(batch, out var keys);
        if (changes.Count == 0)
        {
            return;
        }

        var proofs = new List<ReadOnlyMemory<byte>>();
        var read = await Read(keys, proofs: proofs);
        if (WireSigned.From(read.Head).Read<CustomerHead>().Counter < _committed)
        {
            await Report(Codes.HeadRolledBack);
            changes.ForEach(w => w.Reply(RolledBack));
            return;
        }

        var entries = read.Entries.Select(ProvenEntry.From).ToList();
        var rows = RowsOfDeletions(changes, entries);
        if (rows.Count > 0)
        {
            entries.AddRange((await Read(rows, read.Head, proofs)).Entries.Select(ProvenEntry.From));
        }

        var prepared = await _key.Ask<Result<PreparedChanges>>(
            reply => new CustomerKeyMessage.Prepare([.. changes.Select(c => c.Change)], entries, WireSigned.From(read.Head), reply)
            {
                Proofs = proofs,
            },
            KeyTimeout, Context.Stopping);
        if (prepared.Value is not { } plan)
        {
            changes.ForEach(w => w.Reply(prepared.ToRefused()));
            return;
        }

        var committed = plan.Head is { } head ? await Commit(plan, head, changes) : new CommitResult(true, null, null);
        if (!committed.Committed && changes.Count > 1)
        {
            // One of them may be what the zone refuses; alone each gets its own answer.
            foreach (var change in changes)
            {
                await Change([change]);
            }

            return;
        }

        for (var i = 0; i < changes.Count; i++)
        {
            changes[i].Reply(plan.Refusals[i] switch
            {
                { } refusal => refusal,
                null when committed.Committed => new ChangeDone(plan.Versions[i], plan.Head!, plan.Grants[i]),
                null when committed.Code == Codes.OutcomeUnknown => new Refused(
                    Codes.OutcomeUnknown, "the zone's answer was lost; send the same request again, it is not done twice"),
                null => new Refused(committed.Code!, "the zone did not commit the change; nothing was changed"),
            });
        }
    }

    private async Task<CommitResult> Commit(PreparedChanges plan, Signed head, List<Waiting> changes, Action? onCommitted = null)
    {
        var value = head.Read<CustomerHead>();
        _witness.Write(value.Counter, value.Root, committed: false);
        var request = new Wire.CommitRequest
        {
            Customer = _customer.Value,
            Fence = plan.Fence,
            ExpectedCounter = plan.ExpectedCounter,
            Head = WireSigned.To(head),
        };
        request.Changes.AddRange(plan.Entries);
        for (var i = 0; i < changes.Count; i++)
        {
            if (plan.Refusals[i] is not null)
            {
                continue;
            }

            switch (changes[i].Change)
            {
                case Dmz.Customers.Change.ByUser or Dmz.Customers.Change.Custody:
                    request.Requests.Add(ByteString.CopyFrom(changes[i].Change.Cause!.Encode()));
                    break;
                case Dmz.Customers.Change.Enrolment c:
                    request.Requests.Add(ByteString.CopyFrom(c.Invitation.Encode()));
                    request.RedeemsToken = ByteString.CopyFrom(
                        Statement.Read<InviteAgentPayload>(c.Invitation.Payload.Span).Token.Fingerprint.ToArray());
                    break;
                default:
                    break;
            }
        }

        var result = await CommitForCertain(request, value.Counter);
        if (result.Committed)
        {
            // Before anything else is done here.
            onCommitted?.Invoke();
        }
        else if (result.Code is WrongHead)
        {
            // The zone's ledger is not the one that the head's signer knew.
            await Report(result.Code);
        }

        _key.Tell(new CustomerKeyMessage.Settled(result.Committed, result.Ledger));
        if (result.Code is Codes.FenceStale or Codes.OutcomeUnknown)
        {
            _key.Tell(new CustomerKeyMessage.Deposed(plan.Fence));
        }

        if (result.Committed)
        {
            _committed = value.Counter;
            _witness.Write(value.Counter, value.Root, committed: true);
        }

        return result;
    }

    /// <summary>Commits, and where the answer is lost asks until the zone's head tells what became of it.</summary>
    private async Task<CommitResult> CommitForCertain(Wire.CommitRequest request, ulong counter)
    {
        try
        {
            var reply = await _node.Zone.CommitAsync(request, Context.Stopping);
            return new CommitResult(true, null, new LedgerPoint(reply.LedgerPosition, new Digest(reply.LedgerHash.Span)));
        }
        catch (ZoneRefusedException refused) when (refused.Code == Codes.CounterStale)
        {
            // There is one writer: what moved the head may be this commit itself, that arrived twice.
            return await UnlessItStands(request.Head, refused.Code);
        }
        catch (ZoneRefusedException refused)
        {
            return new CommitResult(false, refused.Code, null);
        }
        catch (ZoneUnavailableException)
        {
            return new CommitResult(false, Codes.ZoneUnavailable, null);
        }
        catch (Exception problem) when (problem is ZoneUnknownOutcomeException or MalformedException)
        {
            Log.Unknown(_log, _customer, counter);
            return await CommitAgain(request);
        }
    }

    private static Refused RolledBack { get; } = new(
        Codes.HeadRolledBack,
        "the zone's store is older than what was committed to it; look for who restored it, and unlock the customer anew");

    private async Task Report(string code)
    {
        try
        {
            await _node.Zone.ReportRefusalAsync(
                new Wire.ReportRefusalRequest
                {
                    Customer = _customer.Value,
                    Principal = $"node/{_node.Node}",
                    Action = "change",
                    Code = code,
                },
                Context.Stopping);
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException)
        {
            // The refusal stands without its record.
        }
    }

    private static Refused ZoneLies { get; } =
        new(Codes.ZoneUnavailable, "the credential zone's answer is not one of its form; nothing was changed");

    private static Refused ZoneGone { get; } = new(Codes.ZoneUnavailable, "the credential zone cannot be reached; nothing was changed");

    private Task<Wire.CustomerState> GetCustomer() =>
        _node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = _customer.Value }, Context.Stopping);

    private static List<Waiting> Wellformed(List<Waiting> batch, out List<EntryKey> keys)
    {
        var good = new List<Waiting>();
        keys = [];
        foreach (var waiting in batch)
        {
            try
            {
                keys.AddRange(ChangeKeys.Of(waiting.Change));
                good.Add(waiting);
            }
            catch (Exception problem) when (problem is MalformedException or OverflowException)
            {
                waiting.Reply(new Refused(RequestRefusal.Malformed, "the request's payload is not one of its action"));
            }
        }

        return good;
    }

    private sealed record Waiting(Change Change, Action<Result<ChangeDone>> Reply);

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Warning, "customer {Customer}: the fate of head {Counter} is not known; asking the zone")]
        public static partial void Unknown(ILogger log, Name customer, ulong counter);

        [LoggerMessage(2102, LogLevel.Warning, "customer {Customer}: rows of the epoch before wait ({Code})")]
        public static partial void RotationWaits(ILogger log, Name customer, string code);
    }
}
