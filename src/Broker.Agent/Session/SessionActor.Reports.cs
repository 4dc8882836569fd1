using Broker.Agent.State;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;

namespace Broker.Agent.Session;

// What the agent tells the key owner, and the renewal of its grant.
internal sealed partial class SessionActor
{
    private static readonly object RenewTimer = new();
    private static readonly TimeSpan ReportLife = TimeSpan.FromHours(1);

    // Nobody asked for it, and while a new session is made the old one may have no owner any more: it waits, on file, for the new one.
    // Whoever asks in the old one is answered there.
    private bool MayBegin => _live is not null && _handshake is null;

    private Task Answer(JournalEntry entry) => Report(entry.Answer.Type, entry, entry.Answer.Report);

    private async Task Report(string type, JournalEntry about, AgentReport report)
    {
        if (_live is not null)
            await SendSealed(type, about.HandOff, about.Request, about.Attempt, report.Encode());
    }

    private async Task SendSealed(string type, Id16 handOff, Digest request, uint attempt, byte[] body)
    {
        var header = new MessageHeader(
            default, Direction.AgentToOwner, 0, type, parts.Enrolled.Grant.Customer, handOff, request, attempt,
            parts.Witness.Fence, parts.Witness.Head, [], Context.Time.GetUtcNow() + ReportLife);
        Secrets.SealedMessage message;
        try
        {
            message = _live!.Context.Seal(header, body, Context.Random.Fill);
        }
        catch (SessionException e)
        {
            await End(e.Code);
            return;
        }

        await Send(new Frame
        {
            SealedMessage = new Protocol.Wire.Agent.SealedMessage
            {
                Header = UnsafeByteOperations.UnsafeWrap(message.Header),
                Random = UnsafeByteOperations.UnsafeWrap(message.Random),
                Commitment = UnsafeByteOperations.UnsafeWrap(message.Commitment),
                Ciphertext = UnsafeByteOperations.UnsafeWrap(message.Ciphertext),
            },
        });
    }

    private async ValueTask OnHandOffEnded(SessionMessage.HandOffEnded ended)
    {
        _held.Remove(ended.HandOff);
        if (parts.Journal.Find(ended.HandOff) is not { Ended: false } entry)
            return;

        var record = ended.How.State switch
        {
            HandOffState.Used => HandOffRecord.Used,
            HandOffState.UseFailed => HandOffRecord.UseFailed,
            _ => HandOffRecord.UseUnknown,
        };
        var over = entry with { Record = record, Code = ended.How.Code };
        parts.Journal.Write(over);
        if (record == HandOffRecord.Used)
            AgentLog.HandOffWell(parts.Logger, over.HandOff, over.Attempt, ended.How.State);
        else
            AgentLog.HandOff(parts.Logger, over.HandOff, over.Attempt, ended.How.State, ended.How.Code);
        await TellEnd(over);
        await AnswerDrained();
    }

    private async Task TellEnd(JournalEntry entry)
    {
        if (!MayBegin)
            return;

        await Report(MessageType.UseEnded, entry, entry.EndReport);
        if (!entry.Told)
            parts.Journal.Write(entry with { Told = true });
    }

    private async Task TellUntold()
    {
        foreach (var entry in parts.Journal.Untold)
            await TellEnd(entry);
    }

    private async ValueTask AnswerDrained()
    {
        if (_drained is not { } done || parts.Journal.InUseCount > 0)
            return;

        _drained = null;
        await End(RefusalCode.Stopping);
        await _lingering;
        done.Tell(true);
    }

    private void ArmRenewal()
    {
        var grant = parts.Enrolled.Grant;
        var due = grant.NotBefore + ((grant.NotAfter - grant.NotBefore) * 2 / 3) - Context.Time.GetUtcNow();
        Context.StartTimer(RenewTimer, new SessionMessage.RenewDue(), due > TimeSpan.Zero ? due : TimeSpan.Zero);
    }

    private async ValueTask AskForRenewal()
    {
        if (_live is null)
            return;

        Context.StartTimer(RenewTimer, new SessionMessage.RenewDue(), parts.Settings.RenewRetry);
        if (MayBegin)
            await SendSealed(MessageType.Renew, default, Digest.Zero, 0, []);
    }

    private void OnRenewed(ReadOnlySpan<byte> body)
    {
        string? code;
        try
        {
            var renewal = WireReader.Read(Renewal.Parser, body);
            code = parts.Enrolled.Renew(
                new Signed(renewal.Grant.Memory, renewal.GrantSignature.Memory), _live!.Identity, parts.Boot,
                [.. renewal.Certificates.Select(static c => c.ToByteArray())]);
        }
        catch (MalformedException)
        {
            code = "grant-malformed";
        }

        if (code is not null)
        {
            // Asked for again when the timer says so.
            AgentLog.GrantRefused(parts.Logger, code);
            return;
        }

        AgentLog.GrantRenewed(parts.Logger, parts.Enrolled.Grant.NotAfter);
        ArmRenewal();
    }
}
