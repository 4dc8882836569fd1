using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;

namespace Broker.Dmz.Customers;

/// <summary>
/// What a session begins with: the agent is asked for everything of it that is open, a few questions at a time, the next when it has
/// answered. So hundreds of uses cost neither the session's numbers nor the places of what is launched meanwhile.
/// </summary>
internal sealed partial class CustomerKey
{
    private const string AskMoreTimer = "ask-more";

    /// <summary>Questions to one agent that wait for their answer.</summary>
    internal const int MaxAsked = 32;

    // An answer that was lost on the way holds up the next questions for so long.
    private static readonly TimeSpan AskMoreDelay = TimeSpan.FromSeconds(1);

    private static Refused Slow { get; } = new(Codes.Busy, "the agent does not take what is sent to it; try again");

    private void AskForOpenHandOffs(Name agent, AgentLink link)
    {
        foreach (var open in _inFlight.Values.Concat(_uses.Values))
        {
            if (open.Agent == agent)
            {
                link.Unasked.Enqueue(open.HandOff);
            }
        }

        AskMore(agent, link);
    }

    private void AskFor(Name agent, AgentLink link, Id16 handOff)
    {
        link.Unasked.Enqueue(handOff);
        AskMore(agent, link);
    }

    private void AskEverybody()
    {
        foreach (var (agent, link) in _sessions.Where(static s => s.Value.Context is not null).ToList())
        {
            AskMore(agent, link);
        }
    }

    private void Answered(Name agent, AgentLink link, Id16 handOff)
    {
        if (link.Asked.Remove(handOff))
        {
            AskMore(agent, link);
        }
    }

    private void OnAskMore(Name agent)
    {
        if (Session(agent) is { } link)
        {
            link.Asked.Clear();
            AskMore(agent, link);
        }
    }

    private void AskMore(Name agent, AgentLink link)
    {
        // A launch that is released anew may wait for what is open to be known: it joins what it finds there before an answer can end it.
        while (_recovered && link.Asked.Count < MaxAsked && link.Unasked.TryDequeue(out var handOff))
        {
            // What has ended meanwhile is not asked for.
            if (_inFlight.TryGetValue(handOff, out var open) || _uses.TryGetValue(handOff, out open))
            {
                link.Asked.Add(handOff);
                Send(
                    link, Header(MessageType.Seen) with { HandOff = open.HandOff, Request = open.Request, Attempt = open.Attempt }, []);
            }
        }

        if (link.Unasked.Count > 0 && !Context.IsTimerActive((AskMoreTimer, agent)))
        {
            Context.StartTimer((AskMoreTimer, agent), new CustomerKeyMessage.AskMore(agent), AskMoreDelay);
        }
    }
}
