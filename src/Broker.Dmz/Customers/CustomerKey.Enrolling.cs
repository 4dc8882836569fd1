using Broker.Links.Identity;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Enrolment: <c>Enrolling → Confirmed → Active</c>. The secret is made here, split, sealed to the custodians; until all of them
/// have confirmed, nothing is in the zone and a crash means beginning again.
/// </summary>
internal sealed partial class CustomerKey
{
    private static readonly TimeSpan EnrolmentTimeout = TimeSpan.FromHours(1);

    private EnrolmentPlan? _plan;
    private CustomerKeyMessage.Enrol? _enrolment;
    private CustodySetup? _setup;

    private void OnEnrol(CustomerKeyMessage.Enrol message)
    {
        var begun = Enrol(message);
        if (begun.Value is null || _setup!.TokenWraps.Count == 0)
        {
            message.ReplyTo.Tell(begun);
            return;
        }

        // Whoever asked hears of it when the tokens have their wraps.
        _enrolling = message.ReplyTo;
        KeepInTokens();
    }

    private Result<EnrolledModel> Enrol(CustomerKeyMessage.Enrol message)
    {
        if (_state is not (KeyState.Unknown or KeyState.Enrolling))
        {
            return new Refused(Codes.CustomerExists, "the customer exists already");
        }

        if (_state == KeyState.Enrolling && _pending is not null)
        {
            return new Refused(Codes.Busy, "an enrolment of the customer is being committed; look at its state");
        }

        if ((VerifyPlan(message, out var plan) ?? VerifyTokens(plan.Ways)) is { } refused)
        {
            return refused;
        }

        try
        {
            return BeginEnrolment(message, plan);
        }
        catch (SecretMemoryExhaustedException)
        {
            ClearSecrets();
            _state = KeyState.Unknown;
            return MemoryFull;
        }
    }

    private EnrolledModel BeginEnrolment(CustomerKeyMessage.Enrol message, EnrolmentPlan plan)
    {
        ClearSecrets();
        var secret = _secret = CustomerSecret.Create(_node.Cluster, _customer, epoch: 1, _node.Random);
        _setup = CustodySetup.Make(
            _node, secret, plan.Ways, plan.AdministratorsRequired, revision: 1, Digest.Of(message.Plan.Statement.Span));
        (_plan, _enrolment, _custody) = (plan, message, _setup.Record);
        _state = KeyState.Enrolling;
        Context.StartTimer(AbandonTimer, new CustomerKeyMessage.Abandon(_turn), EnrolmentTimeout);
        return _setup.Model;
    }

    private Refused? VerifyPlan(CustomerKeyMessage.Enrol message, out EnrolmentPlan plan)
    {
        plan = null!;
        IReadOnlyList<ReadOnlyMemory<byte>> chain = [.. message.Certificates.Select(c => (ReadOnlyMemory<byte>)c)];
        if (!SignedByCertificate.TryVerify(
            message.Plan, chain, _node.Trust, LinkRole.Console, _node.Time.GetUtcNow(), out var identity, out var refusal))
        {
            return new Refused(refusal.Code(), "the plan is not signed by a console certificate of this cluster");
        }

        if (!identity.MayEnrol)
        {
            return new Refused(
                Codes.PlanRefused, "the console's certificate lacks the attribute enrol; brokerctl ca issue console --enrol");
        }

        try
        {
            plan = message.Plan.Read<EnrolmentPlan>();
            plan.Validate();
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.PlanRefused, problem.Message);
        }

        var now = _node.Time.GetUtcNow();
        return plan switch
        {
            _ when plan.Cluster != _node.Cluster || plan.Customer != _customer =>
                new Refused(Codes.PlanRefused, "the plan is for another cluster or customer"),
            _ when plan.Incarnation != _node.Incarnation.Key.Fingerprint =>
                new Refused(Codes.PlanWrongIncarnation, "the plan names another incarnation of a node; ask for this one's and begin again"),
            _ when plan.NotAfter + RequestVerifier.ClockSkew < now => new Refused(Codes.PlanRefused, "the plan's time is over"),
            _ => null,
        };
    }

    private Result<KeyStatus> OnConfirm(CustomerKeyMessage.Confirm message)
    {
        if (_state == KeyState.Unlocked)
        {
            return OnConfirmChange(message);
        }

        if (_state != KeyState.Enrolling || _setup is not { } setup)
        {
            return new Refused(Codes.NotEnrolling, "no enrolment waits for confirmations; begin again with brokerctl customer enrol");
        }

        var wasComplete = setup.IsComplete;
        if (setup.Confirm(message.Way, message.Index, message.Answer) is { } refused)
        {
            return refused;
        }

        if (setup.IsComplete && !wasComplete)
        {
            CommitEnrolment();
        }

        return Status();
    }

    private void CommitEnrolment()
    {
        var secret = _secret!;
        var statements = new List<(EntryKey Key, byte[] Statement, Signed Signed)>
        {
            (EntryKey.Custody(1), _setup!.Signed.Statement.ToArray(), _setup.Signed),
        };
        foreach (var administrator in _plan!.Administrators)
        {
            var user = new UserEntry(_node.Cluster, _customer, administrator.Name, Role.Administrator, administrator.Key);
            var signed = secret.Sign(user);
            statements.Add((EntryKey.User(administrator.Name), signed.Statement.ToArray(), signed));
        }

        var tree = new PartialTree(Digest.Zero);
        var leaves = new List<(Digest Key, Digest Leaf)>();
        foreach (var (key, statement, _) in statements)
        {
            var leafKey = key.LeafKey;
            tree.TryAdd(leafKey, Digest.Zero, TreeProof.Alone);
            leaves.Add((leafKey, TreeHash.Leaf(leafKey, Digest.Of(statement))));
        }

        foreach (var (key, leaf) in leaves)
        {
            tree.Update(key, leaf);
        }

        var head = new CustomerHead(_node.Cluster, _customer, 1, 1, tree.Root, 0, Digest.Zero);
        var headSigned = secret.Sign(head);
        var claim = secret.Sign(new Claim(
            _node.Cluster, _customer, 1, _node.Node, _node.Incarnation.Key.Fingerprint, Fence: 1, LiftedGeneration: 0));
        _pending = new Pending(new Head(head, headSigned), leaves, [.. statements.Select(s => s.Key)]);
        var request = new Wire.EnrolCustomerRequest
        {
            Plan = WireSigned.To(_enrolment!.Plan),
            Claim = WireSigned.To(claim),
            Head = WireSigned.To(headSigned),
            Custody = WireSigned.To(_setup.Signed),
        };
        request.PlanCertificates.AddRange(_enrolment.Certificates.Select(c => ByteString.CopyFrom(c)));
        request.Changes.AddRange(statements.Select(s => WireSigned.Change(s.Key, s.Signed)));
        // From here on the zone may have the customer, and with it its wraps.
        _removes = false;
        _writer!.Tell(new WriterMessage.Enrol(request, headSigned));
    }

    private void OnEnrolled(CommitResult result)
    {
        if (_state != KeyState.Enrolling || _pending is null)
        {
            return;
        }

        if (!result.Committed)
        {
            _lastFailure = result.Code;
            Log.UnlockFailed(_log, _customer, result.Code ?? Codes.Internal);
            // Where another claim stands the customer may be there: then its wraps are ways.
            _removes = result.Code != Codes.OutcomeUnknown;
            Wipe("enrolment was not committed");
            return;
        }

        (_fence, _lockGeneration, _recovered) = (1, 0, true);
        _removes = false;
        ClearEnrolment();
        Become(_pending.Head, result.Ledger!);
    }

    private void ClearEnrolment()
    {
        if (_setup is { } setup)
        {
            RemoveFromTokens(setup);
            setup.Dispose();
        }

        _enrolling?.Tell(new Refused(_lastFailure ?? Codes.NotEnrolling, "the enrolment was given up; begin again"));
        (_plan, _enrolment, _setup, _enrolling) = (null, null, null, null);
    }
}
