using Broker.Agent.Credentials;
using Broker.Agent.State;
using Broker.Protocol.Encoding;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Agent.Session;

// What the key owner sends. Whatever is answered about a hand-off is on file before it is said, so it stays so.
internal sealed partial class SessionActor
{
    /// <summary>Dates are compared with this tolerance.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    private async ValueTask OnSealed(LiveSession live, Protocol.Wire.Agent.SealedMessage frame)
    {
        var message = new SealedMessage(frame.Header.Memory, frame.Random.Memory, frame.Commitment.Memory, frame.Ciphertext.Memory);
        MessageHeader header;
        try
        {
            header = live.Context.Peek(message);
        }
        catch (SessionException e) when (e.Code == SessionFailure.Replayed)
        {
            await OnReplay(live, message);
            return;
        }
        catch (SessionException e)
        {
            await End(e.Code);
            return;
        }

        if (header.Type == MessageType.Envelope)
            await OnEnvelope(live, message, header);
        else
            await OnOther(live, message);
    }

    // Re-sent as the same bytes because an answer was lost; or sent again by a relay, which learns nothing new by it.
    private async ValueTask OnReplay(LiveSession live, SealedMessage message)
    {
        try
        {
            var header = Statement.Read<MessageHeader>(message.Header.Span);
            if (header.Transcript == live.Context.Transcript && header.Type == MessageType.Envelope
                && parts.Journal.Find(header.HandOff) is { } known && known.Attempt == header.Attempt)
            {
                await Answer(known);
                return;
            }
        }
        catch (MalformedException)
        {
            // It was read once, so it is not; and were it, it would be ignored like any other replay.
        }

        AgentLog.MessageIgnored(parts.Logger, "replay", SessionFailure.Replayed);
    }

    private async ValueTask OnOther(LiveSession live, SealedMessage message)
    {
        SecretBuffer body;
        MessageHeader header;
        try
        {
            body = live.Context.Open(message, out header);
        }
        catch (Exception e) when (e is SessionException or SecretMemoryExhaustedException)
        {
            await End(e is SessionException session ? session.Code : RefusalCode.Busy);
            return;
        }

        using (body)
        {
            if (header.Customer != parts.Enrolled.Grant.Customer || header.Fence < parts.Witness.Fence)
            {
                await End(header.Fence < parts.Witness.Fence ? RefusalCode.FenceStale : RefusalCode.WrongCustomer);
                return;
            }

            parts.Witness.Raise(header.Fence, header.HeadCounter);
            if (header.NotAfter + Skew < Context.Time.GetUtcNow())
            {
                AgentLog.MessageIgnored(parts.Logger, PrintableCode(header.Type), RefusalCode.Expired);
                return;
            }

            switch (header.Type)
            {
                case MessageType.Seen:
                    await OnSeen(header);
                    break;
                case MessageType.EndUse:
                    await OnEndUse(header);
                    break;
                case MessageType.Renewed:
                    OnRenewed(body.Span);
                    break;
                default:
                    await End(RefusalCode.UnexpectedFrame);
                    break;
            }
        }
    }

    private async ValueTask OnSeen(MessageHeader header)
    {
        var known = parts.Journal.Find(header.HandOff);
        if (known is null || (known.Record == HandOffRecord.Barred && known.Attempt < header.Attempt))
        {
            if (known is null && !parts.Journal.HasRoom())
            {
                // Nothing may be said that is not on file; without a session the question is asked again.
                await End(RefusalCode.Busy);
                return;
            }

            known = new JournalEntry(
                header.HandOff, header.Attempt, header.Request, HandOffRecord.Barred, "", header.NotAfter, Told: false);
            parts.Journal.Write(known);
            AgentLog.HandOff(parts.Logger, header.HandOff, header.Attempt, MessageType.Barred, "");
        }

        await Answer(known);
        if (known.Ended)
            await TellEnd(known);
    }

    private async ValueTask OnEndUse(MessageHeader header)
    {
        parts.Credentials.Tell(new CredentialsMessage.End(header.HandOff));
        if (parts.Journal.Find(header.HandOff) is { Ended: true } known)
            await TellEnd(known);
    }
}
