using Broker.Protocol.Identifiers;

namespace Broker.Simulation.Tests;

/// <content>What people were told, held against what is durable; what the identity key signs, held against what it may.</content>
internal sealed partial class Oracle
{
    private static readonly string[] BeforeCustody =
        ["broker/custody/1", "broker/share/1", "broker/wrap/1", "broker/succession-record/1"];

    private readonly List<byte[]> _identities = [];
    private readonly Dictionary<string, ulong> _agentFences = [];

    /// <summary>A user was told that the launch is accepted.</summary>
    public void ToldAccepted(Id16 handOff)
    {
        if (!_intended.Contains(handOff))
        {
            Fail("answered-before-commit", "a launch was accepted and its intent is not durable");
        }
    }

    /// <summary>A user was told how a hand-off ended.</summary>
    public void ToldEnded(Id16 handOff, string state)
    {
        if (OutcomeOf(handOff)?.State != state)
        {
            Fail("answered-before-commit", $"a user was told {state}, the ledger says {OutcomeOf(handOff)?.State ?? "nothing"}");
        }
    }

    /// <summary>A user was told that a change is done.</summary>
    public void ToldChanged(Name customer, ulong counter)
    {
        if (!(Customer(customer)?.Head.Counter >= counter))
        {
            Fail("answered-before-commit", "a change was acknowledged and its head is not durable");
        }
    }

    /// <summary>A user was told that the customer is locked.</summary>
    public void ToldLocked(Name customer, ulong generation)
    {
        if (!(Customer(customer)?.LockGeneration >= generation))
        {
            Fail("answered-before-commit", "a lock was acknowledged and is not durable");
        }
    }

    /// <summary>Something is about to be signed.</summary>
    public void Signing(ReadOnlySpan<byte> point, ReadOnlySpan<byte> message)
    {
        // Whoever signs a custody record is an identity: so it is known from its first signature on.
        if (!IsIdentity(point))
        {
            if (!IsOf(message, "broker/custody/1"))
            {
                return;
            }

            _identities.Add(point.ToArray());
        }

        if (!IsOneOf(message, BeforeCustody) && Cluster?.People.IsConfirmed(point) == false)
        {
            Fail("epoch-before-custody", "the identity key signs before all holders have confirmed");
        }

        if (Cluster?.NodeOf(world.Current) is { IsSaidLocked: true })
        {
            Fail("key-after-lock", "a key is used after a user was told that it is wiped");
        }

        SignsUnclaimed(point, message);
    }

    private bool IsIdentity(ReadOnlySpan<byte> point)
    {
        foreach (var identity in _identities)
        {
            if (point.SequenceEqual(identity))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOneOf(ReadOnlySpan<byte> message, string[] labels)
    {
        foreach (var label in labels)
        {
            if (IsOf(message, label))
            {
                return true;
            }
        }

        return false;
    }

    // The agent's own memory of it, and what that memory was before: neither may go back.
    private ulong HighestSeen(AgentProcess agent)
    {
        var seen = Math.Max(_agentFences.GetValueOrDefault(agent.Process.Name), agent.Witness.Fence);
        _agentFences[agent.Process.Name] = seen;
        return seen;
    }
}
