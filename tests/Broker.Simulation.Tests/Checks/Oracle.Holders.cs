using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Simulation.Tests;

/// <content>What passes between holders, and what only an owner signs.</content>
internal sealed partial class Oracle
{
    // What a holder that does not own may sign: what makes it an owner, and tickets of those who drain.
    private static readonly string[] BeforeClaim =
        ["broker/claim/1", "broker/restoration/1", "broker/head/1", "broker/ticket-request/1", "broker/drain-ticket/1"];

    // Codes that accuse somebody of altering, forging or setting back.
    private static readonly HashSet<string> Accusations =
    [
        Codes.CustodyForged, Codes.HeadForged, Codes.EntryForged, Codes.ReceiptForged, Codes.ReceiptOfAnother, Codes.HeadRolledBack,
        Codes.FenceRolledBack, Codes.LockRolledBack, Codes.RowAltered, Codes.RowWrongKey, Codes.RowWrongPlace, Codes.BadSignature,
        Codes.AgentSuspended, Codes.ShareForged, Codes.WrapForged, TransferCodes.Forged, TransferCodes.SecondIncarnation,
    ];

    private readonly HashSet<Digest> _transfers = [];
    private readonly HashSet<Digest> _claimants = [];
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>What else was reached, by name.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>Whether somebody lied in this world, so that an accusation may be true.</summary>
    public bool IsLiedTo { get; set; }

    /// <summary>Counts something that was reached.</summary>
    public void Count(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    /// <summary>A node's answer to a request for the customer's secret leaves it.</summary>
    public void HandsOver(TransferIntent intent)
    {
        Count("secrets handed over, admitted by " + intent.AdmissionKind);
        if (Cluster?.Running.FirstOrDefault(n => n.Node.Incarnation.Key.Fingerprint == intent.Incarnation) is { } taker)
        {
            taker.IsSaidLocked = false;
        }

        if (!_transfers.Contains(Digest.Of(intent.Encode())))
        {
            Fail("transfer-without-intent", "a customer's secret is handed over whose intent is not durable");
        }
    }

    /// <summary>A user was told that a node has wiped what is locked.</summary>
    public void ToldWiped(DmzProcess node)
    {
        if (!node.Process.IsDead && node.Process.LiveSecrets != 1)
        {
            Fail(
                "secret-after-lock",
                $"a user was told that {node.Process.Name} has wiped, and it holds {node.Process.LiveSecrets} buffers");
        }
    }

    /// <summary>What this start of a node claimed ended with what it held.</summary>
    public void ForgetClaim(DmzProcess node) => _claimants.Remove(node.Node.Incarnation.Key.Fingerprint);

    // A node that is started anew while its last start counts as alive is told to wait, and it is on record: nobody can tell the two cases
    // apart when the probe is lost.
    private bool IsTooSoon(Refusal refusal) => refusal.Code == TransferCodes.SecondIncarnation &&
        Cluster!.Running.Any(n => world.Clock.Now - n.Started < LiveIncarnations.Lasts.Ticks);

    private void SignsUnclaimed(ReadOnlySpan<byte> point, ReadOnlySpan<byte> message)
    {
        if (!IsOneOf(message, BeforeClaim) && Cluster?.NodeOf(world.Current) is { } node &&
            !_claimants.Contains(node.Node.Incarnation.Key.Fingerprint) && IsOfCustomer(point))
        {
            Fail("signed-unclaimed", $"{node.Process.Name} signs as the customer, which it has not claimed");
        }
    }

    private bool IsOfCustomer(ReadOnlySpan<byte> point)
    {
        foreach (var customer in _customers.Values)
        {
            if (customer.Custody.Identity.Bytes.Span.SequenceEqual(point))
            {
                return true;
            }
        }

        return false;
    }

    private void SeeOfHolders(Block block)
    {
        switch (block.Kind)
        {
            case BlockKind.Transfer:
                var intent = Statement.Read<TransferRecord>(block.Body.Span).Intent;
                _transfers.Add(intent.Hash);
                var locked = Customer(Name.Parse(block.Chain))?.LockGeneration;
                if (intent.Read<TransferIntent>().LockGeneration < locked)
                {
                    Fail("released-under-lock", "a transfer is recorded although a lock came before it");
                }

                break;
            case BlockKind.Rotation:
                _released.UnionWith(Statement.Read<RotationIntent>(block.Body.Span).Leaves);
                Count("batches of rows of an epoch before");
                break;
            case BlockKind.Rotated:
                var rotation = Statement.Read<RotationRecord>(block.Body.Span);
                Followed(Statement.Read<SignedRequest>(rotation.Cause.Span));
                Count("epochs begun");
                if (Cluster is { } cluster &&
                    rotation.Succession.Read<Protocol.Custody.SuccessionRecord>().Read().Compromised)
                {
                    cluster.Epochs.IsBroken = true;
                }

                break;
            case BlockKind.RotationEnded:
                Count("rotations ended");
                break;
            case BlockKind.Refusal when Statement.Read<Refusal>(block.Body.Span) is var refusal:
                if (Accusations.Contains(refusal.Code) && !IsLiedTo && !IsTooSoon(refusal))
                {
                    Fail("false-alarm", $"the ledger says {refusal.Code} of {refusal.Principal} at {refusal.Action}, and nobody did that");
                }

                break;
            case BlockKind.Restored:
                Count("restorations");
                break;
        }
    }
}
