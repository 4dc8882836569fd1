using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Links.Peers;
using Broker.Protocol.Wire.Agent;

namespace Broker.Dmz.Agents;

/// <content>What goes to the agent: in order, one batch on its way at a time, and never waited for.</content>
internal sealed partial class AgentSession
{
    /// <summary>Frames of an owner elsewhere that may wait for the agent's link.</summary>
    private const int MaxCarried = 2 * AgentRelayOperations.MaxFrames;

    private readonly Queue<Outgoing> _unsent = [];
    private readonly List<Outgoing> _sending = [];
    private bool _isSending;

    private void Enqueue(Frame frame, FrameCredit? credit = null, ReplyTo<Result<Carried>>? taken = null)
    {
        _unsent.Enqueue(new Outgoing(frame, frame.CalculateSize(), credit, taken));
        Pump();
    }

    private void Pump()
    {
        while (!_isSending && _unsent.Count > 0)
        {
            var bytes = 0;
            while (_sending.Count < AgentRelayOperations.MaxFrames && _unsent.TryPeek(out var next) &&
                (_sending.Count == 0 || bytes + next.Bytes <= AgentRelayOperations.MaxDown))
            {
                _sending.Add(_unsent.Dequeue());
                bytes += next.Bytes;
            }

            var sending = _link.SendAsync([.. _sending.Select(static o => o.Frame)]);
            if (sending.IsCompletedSuccessfully)
            {
                Taken();
                continue;
            }

            _isSending = true;
            Context.PipeToSelf(
                sending, static () => new AgentSessionMessage.Sent(), static e => new AgentSessionMessage.NotSent(e.GetType().Name));
        }
    }

    private bool OnSent(AgentSessionMessage message)
    {
        switch (message)
        {
            case AgentSessionMessage.Sent:
                _isSending = false;
                Taken();
                Pump();
                return true;
            case AgentSessionMessage.NotSent m:
                Log.Lost(Logger, _customer, _agent, m.Cause);
                Context.StopSelf();
                return true;
            default:
                return false;
        }
    }

    private void Taken()
    {
        foreach (var sent in _sending)
        {
            sent.Credit?.Dispose();
            sent.ReplyTo?.Tell(Carried.Whole);
        }

        _sending.Clear();
    }

    private void DropUnsent()
    {
        foreach (var unsent in _sending.Concat(_unsent))
        {
            unsent.Credit?.Dispose();
            unsent.ReplyTo?.Tell(new Refused(Codes.LinkLost, "the agent's link is lost"));
        }

        _sending.Clear();
        _unsent.Clear();
    }

    private sealed record Outgoing(Frame Frame, int Bytes, FrameCredit? Credit, ReplyTo<Result<Carried>>? ReplyTo);
}
