using Broker.Agent.Credentials;
using Broker.Agent.State;
using Broker.Agent.Uses;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Secrets;

namespace Broker.Agent.Session;

// An envelope is opened at most once (I7). Its header is not authentic before it is opened, and yet it can be refused by the header: the
// refusal is on file, so a relay that forges a header makes a hand-off fail, as it could by dropping it, and never makes it both.
internal sealed partial class SessionActor
{
    private async ValueTask OnEnvelope(LiveSession live, SealedMessage message, MessageHeader header)
    {
        var known = parts.Journal.Find(header.HandOff);
        if (known is not null && (known.Record != HandOffRecord.Barred || header.Attempt <= known.Attempt))
        {
            await AnswerKnown(known, header);
            return;
        }

        if (known is null && !parts.Journal.HasRoom())
        {
            // The refusal cannot be kept; so the keys that could open it go instead.
            var unkept = EntryOf(header, HandOffRecord.Refused, RefusalCode.Busy);
            await Report(MessageType.Refused, unkept, unkept.Answer.Report);
            await End(RefusalCode.Busy);
            return;
        }

        EnvelopeReservation? reservation = null;
        var code = Judge(header, message.Ciphertext.Length - AesGcm256.TagSize, out var plan)
            ?? JudgeReplacing(header, plan)
            ?? EnvelopeReservation.TryTake(
                header.Items, plan, header.Replaces == default ? parts.Slots : null, out reservation);
        using (reservation)
        {
            if (code is null)
            {
                parts.Journal.Write(EntryOf(header, HandOffRecord.Seen, ""));
                code = Open(live, message, header, reservation!);
            }
        }

        var entry = code is null ? EntryOf(header, HandOffRecord.Acknowledged, "") : EntryOf(header, HandOffRecord.Refused, code);
        parts.Journal.Write(entry);
        if (code is null)
            AgentLog.HandOffWell(parts.Logger, header.HandOff, header.Attempt, entry.Answer.Type);
        else
            AgentLog.HandOff(parts.Logger, header.HandOff, header.Attempt, entry.Answer.Type, entry.Code);
        await Answer(entry);
    }

    private async ValueTask AnswerKnown(JournalEntry known, MessageHeader header)
    {
        if (known.Attempt == header.Attempt || known.Record == HandOffRecord.Barred)
            await Answer(known);
        else
            await Report(
                MessageType.Refused, known with { Attempt = header.Attempt },
                new AgentReport(HandOffState.Refused, RefusalCode.HandOffSeen));
    }

    private string? Judge(MessageHeader header, long bodyLength, out IReadOnlyList<(NamedUse Use, IReadOnlyList<int> Items)> plan)
    {
        var now = Context.Time.GetUtcNow();
        plan = [];
        return header switch
        {
            _ when _draining => RefusalCode.Stopping,
            _ when header.Customer != parts.Enrolled.Grant.Customer => RefusalCode.WrongCustomer,
            _ when header.Fence < parts.Witness.Fence => RefusalCode.FenceStale,
            _ when parts.Enrolled.Grant.NotAfter <= now => RefusalCode.GrantExpired,
            _ when header.NotAfter + Skew < now => RefusalCode.Expired,
            _ => EnvelopePlan.TryMake(header.Items, bodyLength, parts.Uses, out plan),
        };
    }

    /// <returns>A stable code, or null when the envelope was opened and given to its uses.</returns>
    private string? Open(LiveSession live, SealedMessage message, MessageHeader header, EnvelopeReservation reservation)
    {
        try
        {
            using var body = live.Context.Open(message, out _);
            var deliveries = reservation.Fill(header.HandOff, body.Span);
            parts.Credentials.Tell(new CredentialsMessage.Take(header.HandOff, deliveries, Context.Self, header.Replaces));
            _held[header.HandOff] = header.Items;
            parts.Witness.Raise(header.Fence, header.HeadCounter);
            return null;
        }
        catch (SessionException e)
        {
            return e.Code;
        }
        catch (SecretMemoryExhaustedException)
        {
            return RefusalCode.Busy;
        }
    }

    private static JournalEntry EntryOf(MessageHeader header, HandOffRecord record, string code) =>
        new(header.HandOff, header.Attempt, header.Request, record, code, header.NotAfter, Told: false);
}
