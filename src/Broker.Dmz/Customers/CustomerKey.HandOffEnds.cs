using Broker.Dmz.Requests;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// How hand-offs and uses end: by the agent's word in the session, by time, or after an unlock by what the journal has open.
/// </summary>
internal sealed partial class CustomerKey
{
    private void OnReport(Name agent, MessageHeader header, ReadOnlySpan<byte> body)
    {
        AgentReport report;
        try
        {
            report = Statement.Read<AgentReport>(body);
        }
        catch (MalformedException)
        {
            return;
        }

        if (header.Type == MessageType.UseEnded)
        {
            EndUse(agent, header, report);
            return;
        }

        // Only the agent to which it was sealed, and only the attempt that is open, ends a hand-off.
        if (!_inFlight.TryGetValue(header.HandOff, out var open) || open.Agent != agent || !IsAbout(header, open))
        {
            return;
        }

        switch (header.Type)
        {
            case MessageType.Acknowledged:
                End(open, HandOffState.Acknowledged, "");
                if (_uses.Count < _node.Limits.MaxInFlight * 16)
                {
                    // The launch is over, and its actor with it; what it held would stay as long as the use.
                    _uses[open.HandOff] = open with { Provisioning = null };
                }

                break;
            case MessageType.Refused:
                End(open, HandOffState.Refused, Limited(report.Code));
                break;
            case MessageType.Barred when open.Provisioning is { } provisioning && open.Attempt < ProvisioningRequest.MaxAttempts:
                _inFlight[open.HandOff] = open with { IsBarred = true };
                provisioning.Tell(new ProvisioningMessage.Barred(open.Attempt));
                break;
            default:
                End(open, HandOffState.NotSent, Codes.Barred);
                break;
        }
    }

    // An agent keeps one record of a hand-off and answers with it, whichever attempt of it the journal has.
    private static bool IsAbout(MessageHeader header, OpenHandOff open) => open.Attempt == header.Attempt ||
        (open.IsRecovered && header.Attempt < open.Attempt && header.Type is MessageType.Acknowledged or MessageType.Refused);

    private void EndUse(Name agent, MessageHeader header, AgentReport report)
    {
        if (_uses.TryGetValue(header.HandOff, out var use) && use.Agent == agent && HandOffState.EndsUse(report.State))
        {
            _uses.Remove(header.HandOff);
            Append(use, report.State, Limited(report.Code));
        }
    }

    private void OnGiveUp(CustomerKeyMessage.GiveUp message)
    {
        if (_inFlight.TryGetValue(message.HandOff, out var open) && open.Attempt == message.Attempt)
        {
            End(
                open,
                open.IsBarred ? HandOffState.NotSent : HandOffState.Unconfirmed,
                open.IsBarred ? Codes.Barred : Session(open.Agent) is null ? Codes.LinkLost : Codes.TimedOut);
        }
    }

    /// <summary>
    /// Open hand-offs of an earlier incarnation count as sealed: the agent is asked, and without an answer they end unconfirmed.
    /// </summary>
    private void OnRecover(CustomerKeyMessage.Recover message)
    {
        if (_state != KeyState.Unlocked || message.Fence != _fence)
        {
            return;
        }

        foreach (var found in message.Open)
        {
            Recover(found);
        }

        if (message.IsLast)
        {
            _recovered = true;
            var early = _early.ToList();
            _early.Clear();
            early.ForEach(OnSeal);
            LookForHandOvers();
            AskEverybody();
        }
    }

    private void Recover(Wire.HandOff found)
    {
        if (!Name.TryParse(found.Agent, out var agent) || found.HandOff_.Length != Id16.Length)
        {
            return;
        }

        OpenHandOff open;
        try
        {
            var request = Statement.Read<SignedRequest>(found.Request.Span);
            open = new OpenHandOff(
                new Id16(found.HandOff_.Span), request.Hash, found.Attempt, agent, null,
                OrderOf(request, found.Launch.Memory)?.Launch.Items, IsRecovered: true);
        }
        catch (MalformedException)
        {
            return;
        }

        if (found.State == HandOffState.Acknowledged)
        {
            _uses.TryAdd(open.HandOff, open);
        }
        else if (_inFlight.TryAdd(open.HandOff, open))
        {
            // It counts as sealed also once it has ended: a launch that brings the same release later must not seal it a second time.
            _sealedOnce.TryAdd(open.HandOff, open.Attempt, _node.Time.GetUtcNow());
            Context.StartTimer(open.HandOff, new CustomerKeyMessage.GiveUp(open.HandOff, open.Attempt), _node.Limits.HandOffTimeout);
        }

        if (Session(agent) is { } link)
        {
            AskFor(agent, link, open.HandOff);
        }
    }

    private Result<VerifiedUser> OnEndUse(CustomerKeyMessage.EndUse message)
    {
        var verified = Verify(message.Request, UserAction.Release, message.Entries, message.Head);
        if (verified.Value is null)
        {
            return verified;
        }

        ReleasePayload payload;
        try
        {
            payload = Statement.Read<ReleasePayload>(message.Request.Payload.Span);
        }
        catch (MalformedException)
        {
            return Refuse(RequestRefusal.Malformed);
        }

        if (Session(payload.Agent) is not { } link)
        {
            return new Refused(Codes.AgentNotConnected, "the agent is not connected");
        }

        if (!link.Unsent.HasRoom)
        {
            return Slow;
        }

        Send(link, Header(MessageType.EndUse) with { HandOff = payload.HandOff, Request = message.Request.Hash }, []);
        return verified;
    }

    /// <summary>What the journal has open and nobody here knows of counts as sealed, like what an earlier incarnation left.</summary>
    private void Settle(Id16 handOff)
    {
        if (_state == KeyState.Unlocked)
        {
            _outcomes!.Tell(new OutcomeMessage.Find(handOff, _fence));
        }
    }

    private void End(OpenHandOff open, string state, string code)
    {
        _inFlight.Remove(open.HandOff);
        Context.CancelTimer(open.HandOff);
        Append(open, state, code);
    }
}
