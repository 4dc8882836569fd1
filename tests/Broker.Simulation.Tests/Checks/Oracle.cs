using Broker.Actors;
using Broker.Links.Agents;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Simulation.Tests;

/// <summary>
/// Knows what is durable, what was sealed and opened, who was told what, and fails at the first thing that must not be. It sees the
/// bytes that keys touch and the commits of the disk, never what an actor says of itself.
/// </summary>
internal sealed partial class Oracle(World world)
{
    private readonly HashSet<(Id16 HandOff, uint Attempt)> _sealed = [];
    private readonly HashSet<(Id16 HandOff, uint Attempt)> _barred = [];
    private readonly HashSet<Id16> _opened = [];
    private Violation? _violation;

    /// <summary>Whether it is the oracle itself that opens something.</summary>
    public bool IsLooking { get; set; }

    /// <summary>Where the nodes are, once there are any.</summary>
    public Cluster? Cluster { get; set; }

    /// <summary>Envelopes that an agent opened.</summary>
    public int OpenedCount => _opened.Count;

    /// <summary>Envelopes that were sealed.</summary>
    public int SealedCount => _sealed.Count;

    /// <summary>Attempts that an agent barred.</summary>
    public int BarredCount => _barred.Count;

    /// <summary>Buffers that a seeded fault holds itself.</summary>
    public int Extra { get; set; }

    /// <summary>The first thing that was wrong.</summary>
    public Violation? Found => _violation;

    public bool IsOpened(Id16 handOff) => _opened.Contains(handOff);

    /// <summary>Remembers the first violation; what is wrong afterwards may follow from it.</summary>
    public void Fail(string code, string message) =>
        _violation ??= new Violation(code, $"{message} (turn {world.Turns}, {(world.Current ?? world.Last)?.Name ?? "the world"})");

    public void ThrowIfFound()
    {
        if (_violation is not null)
        {
            throw _violation;
        }
    }

    /// <summary>After each turn: whoever holds a secret is known.</summary>
    public void AfterTurn()
    {
        world.Memory.Count();
        Cluster?.Owners.Check();
        Cluster?.KeyWatch.Check();
        ThrowIfFound();
    }

    /// <summary>Something is about to be sealed with this associated data.</summary>
    public void Sealing(ReadOnlySpan<byte> associatedData)
    {
        if (!IsOf(associatedData, "broker/aad/1"))
        {
            return;
        }

        var header = Statement.Read<MessageHeader>(associatedData);
        Trace("seals", header);
        switch (header.Type)
        {
            case MessageType.Envelope:
                EnvelopeSealed(header);
                break;
            case MessageType.Barred:
                _barred.Add((header.HandOff, header.Attempt));
                break;
            case MessageType.Acknowledged when !_opened.Contains(header.HandOff):
                Fail("acknowledged-unopened", "an agent acknowledges what it never opened");
                break;
        }
    }

    /// <summary>Something authentic was opened.</summary>
    public void Opened(ReadOnlySpan<byte> associatedData)
    {
        if (IsLooking)
        {
            return;
        }

        if (IsOf(associatedData, "broker/row/1"))
        {
            RowOpened(Statement.Read<RowHeader>(associatedData));
            return;
        }

        if (!IsOf(associatedData, "broker/aad/1"))
        {
            return;
        }

        var header = Statement.Read<MessageHeader>(associatedData);
        Trace("opens", header);
        if (header.Type == MessageType.Envelope)
        {
            EnvelopeOpened(header);
        }
        else if (header.Type == MessageType.Acknowledged && !_opened.Contains(header.HandOff))
        {
            Fail("acknowledgement-forged", "the owner believes an acknowledgement of what no agent opened");
        }
    }

    /// <summary>An actor failed: that is a defect, unless the loss of a link explains it.</summary>
    public void OnEvent(ActorEvent happened)
    {
        if (happened is ActorFailed failed && !failed.ExceptionType.EndsWith(nameof(AgentLinkException), StringComparison.Ordinal))
        {
            Fail("actor-failed", $"{failed.Path} failed in {failed.Where} at {failed.MessageType}: {failed.ExceptionType}");
        }
    }

    private void Trace(string did, MessageHeader header) => Trace(
        $"{did} {header.Type} {header.HandOff.ToString()[..6]} attempt {header.Attempt} fence {header.Fence} number {header.Number}");

    private void Trace(string what) => world.Trace?.Invoke(
        $"{world.Clock.UtcNow:mm:ss.fff} turn {world.Turns,4} {(world.Current ?? world.Last)?.Name,-12} {what}");

    private static bool IsOf(ReadOnlySpan<byte> encoding, string label)
    {
        if (encoding.Length < 4 + label.Length || encoding[3] != label.Length)
        {
            return false;
        }

        for (var i = 0; i < label.Length; i++)
        {
            if (encoding[4 + i] != label[i])
            {
                return false;
            }
        }

        return true;
    }

    private void EnvelopeSealed(MessageHeader header)
    {
        var id = (header.HandOff, header.Attempt);
        if (!_intents.Contains(id))
        {
            Fail("sealed-without-intent", "an envelope is sealed whose intent is not durable");
        }

        if (!_sealed.Add(id))
        {
            Fail("sealed-twice", "an attempt is sealed a second time");
        }

        if (header.Attempt > 1 && !_barred.Contains((header.HandOff, header.Attempt - 1)))
        {
            Fail("attempt-without-bar", "a further attempt is sealed and the one before was not barred");
        }

        if (!_claims.TryGetValue(header.Fence, out var owner) ||
            Cluster?.NodeOf(world.Current)?.Node.Incarnation.Key.Fingerprint != owner)
        {
            Fail("stale-fence-accepted", $"{world.Current?.Name} seals under fence {header.Fence}, which this start of it has not claimed");
        }
    }

    private void EnvelopeOpened(MessageHeader header)
    {
        if (!_opened.Add(header.HandOff))
        {
            Fail("opened-twice", "a hand-off is opened a second time");
        }

        if (!_sealed.Contains((header.HandOff, header.Attempt)))
        {
            Fail("opened-unsealed", "an envelope is opened that no owner sealed");
        }

        if (_barred.Contains((header.HandOff, header.Attempt)))
        {
            Fail("opened-after-bar", "an attempt is opened that was barred");
        }

        if (OutcomeOf(header.HandOff) is { State: HandOffState.NotSent or HandOffState.Refused } outcome)
        {
            Fail("opened-after-end", $"a hand-off is opened that the ledger says is {outcome.State}");
        }

        if (Cluster?.Agent is { } agent && agent.Process == world.Current && header.Fence < HighestSeen(agent))
        {
            Fail("stale-fence-accepted", "an agent opens an envelope under a lower fence than it has seen");
        }
    }

    private void RowOpened(RowHeader header)
    {
        if (!_rows.TryGetValue((header.Credential, header.Version, header.Epoch), out var leaves) || !leaves.Overlaps(_released))
        {
            Fail("row-without-intent", "a row is opened that no durable intent released");
        }

        var epoch = Customer(header.Customer)?.Custody.Epoch ?? 0;
        if (header.Epoch != epoch && header.Epoch + 1 != epoch)
        {
            Fail("key-out-of-epoch", $"a row of epoch {header.Epoch} is opened in epoch {epoch}");
        }
    }
}
