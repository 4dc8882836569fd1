using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>What every store does with outcomes, locks, invitations and generations.</summary>
public abstract class LifeConformance : IDisposable
{
    private readonly ZoneUnderTest _zone;
    private readonly TestCustomer _customer;

    private protected LifeConformance(Func<string, IZoneDatabase> open)
    {
        _zone = new ZoneUnderTest(open);
        _customer = _zone.Ready();
    }

    public void Dispose()
    {
        _zone.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableTheory]
    [InlineData("acknowledged", null)]
    [InlineData("acknowledged", "used")]
    [InlineData("acknowledged", "use-failed")]
    [InlineData("acknowledged", "use-unknown")]
    [InlineData("refused", null)]
    [InlineData("not-sent", null)]
    [InlineData("unconfirmed", null)]
    public void Outcomes_should_follow_the_states_and_repeat_without_effect(string state, string? use)
    {
        var call = Released();
        var end = _zone.Do(_customer.Append(call, state, "why"));
        end = use is null ? end : _zone.Do(_customer.Append(call, use));
        Assert.Equal(end, _zone.Do(_customer.Append(call, state, "why")));
        if (use is not null)
        {
            Assert.Equal(end, _zone.Do(_customer.Append(call, use)));
        }

        var record = _zone.Store.HandOff(_customer.Name, call.HandOff)!.HandOff;
        Assert.Equal((state, use ?? ""), (record.State, record.UseState));
        var customer = _zone.Store.Customer(_customer.Name)!.Customer;
        Assert.Equal((0u, state == "acknowledged" && use is null ? 1u : 0u), (customer.OpenHandOffs, customer.OpenUses));
        Assert.Equal(record.IsOpen ? 1 : 0, _zone.Store.HandOffs(_customer.Name, openOnly: true, null, 10).Count);
        foreach (var other in new[] { "acknowledged", "refused", "not-sent", "unconfirmed", "released", "nonsense" }.Where(s => s != state))
        {
            Assert.Equal(RefusalCode.OutcomeConflict, _zone.Refused(_customer.Append(call, other)));
        }
    }

    [SkippableFact]
    public void Outcome_should_be_refused_unless_the_owner_signed_it_for_a_hand_off_that_is()
    {
        var call = Released();
        Assert.Equal(RefusalCode.BadSignature, _zone.Refused(_customer.Append(call, "acknowledged", by: new SignerKey())));
        Assert.Equal(RefusalCode.OutcomeConflict, _zone.Refused(_customer.Append(call, "used")));
        Assert.Equal(RefusalCode.WrongAttempt, _zone.Refused(_customer.Append(call, "acknowledged", attempt: 2)));
        Assert.Equal(RefusalCode.UnknownHandOff, _zone.Refused(_customer.Append(_customer.Call(_customer.Launch()), "acknowledged")));
        Assert.Equal(
            RefusalCode.UnknownHandOff, _zone.Refused(_customer.Append(call with { Request = _customer.Launch() }, "acknowledged")));
        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(new AppendOutcomes(_customer.Name, 9, _customer.Outcome(call, "acknowledged"))));
        Assert.Equal(RefusalCode.Malformed, _zone.Refused(_customer.Append()));
        var ended = _customer.Ended(call, "acknowledged");
        Assert.Equal(RefusalCode.Malformed, _zone.Refused(_customer.Append([.. Enumerable.Repeat(ended, Outcomes.MaxItems + 1)])));
        var other = new Outcomes(ZoneUnderTest.Cluster, TestCustomer.N("other"), [ended]);
        Assert.Equal(RefusalCode.Misaddressed, _zone.Refused(new AppendOutcomes(_customer.Name, 1, _customer.Identity.Sign(other))));
        var head = _customer.LastHead!;
        Assert.Equal(RefusalCode.Malformed, _zone.Refused(new AppendOutcomes(_customer.Name, 1, head)));
    }

    [SkippableFact]
    public void Outcomes_of_one_call_should_be_kept_all_or_none()
    {
        var (a, b) = (Released(), Released());
        _zone.Do(_customer.Append(b, "unconfirmed"));
        Assert.Equal(RefusalCode.OutcomeConflict, _zone.Refused(
            _customer.Append(_customer.Ended(a, "acknowledged"), _customer.Ended(b, "refused"))));
        Assert.Equal(HandOffState.Released, _zone.Store.HandOff(_customer.Name, a.HandOff)!.HandOff.State);
        Assert.Equal(1u, _zone.Store.Customer(_customer.Name)!.Customer.OpenHandOffs);
        var both = _customer.Append(_customer.Ended(a, "acknowledged"), _customer.Ended(a, "used"));
        var point = _zone.Do(both);
        Assert.Equal(point, _zone.Do(_customer.Append(_customer.Ended(a, "acknowledged"), _customer.Ended(a, "used"))));
    }

    [SkippableFact]
    public void Outcomes_that_stand_in_part_should_be_refused_so_that_each_is_appended_by_itself()
    {
        var (a, b) = (Released(), Released());
        _zone.Do(_customer.Append(a, "acknowledged"));
        Assert.Equal(RefusalCode.OutcomeConflict, _zone.Refused(
            _customer.Append(_customer.Ended(a, "acknowledged"), _customer.Ended(b, "refused"))));
        Assert.Equal(HandOffState.Released, _zone.Store.HandOff(_customer.Name, b.HandOff)!.HandOff.State);
        _zone.Do(_customer.Append(b, "refused"));
    }

    [SkippableFact]
    public void Lock_should_stop_releases_until_an_administrator_lifts_it_with_a_claim()
    {
        var open = Released();
        Assert.Equal(1ul, _zone.Do(new RaiseLock(_customer.Name, Lock())));
        Assert.Equal(RefusalCode.Locked, _zone.Refused(new ReleaseRows(_customer.Call(_customer.Launch()))));
        Assert.Equal(RefusalCode.Locked, _zone.Refused(new ReleaseRows(open)));
        Assert.Equal(RefusalCode.Locked, _zone.Refused(new ClaimCustomer(_customer.Claim(2), null)));
        Assert.Equal(RefusalCode.WrongLift, _zone.Refused(new ClaimCustomer(_customer.Claim(2, lifted: 1), Lift(2))));
        Assert.Equal(RefusalCode.WrongLift, _zone.Refused(new ClaimCustomer(_customer.Claim(2, lifted: 0), Lift(1))));
        Assert.Equal(
            RequestRefusal.BadSignature, _zone.Refused(new ClaimCustomer(_customer.Claim(2, lifted: 1), Lift(1, new SignerKey()))));
        Assert.Equal(RequestRefusal.WrongAction, _zone.Refused(new ClaimCustomer(_customer.Claim(2, lifted: 1), Lock())));
        _zone.Do(_customer.Append(open, "not-sent"));

        Assert.Equal(1ul, _zone.Do(new ClaimCustomer(_customer.Claim(2, lifted: 1), Lift(1))).Customer.LiftedGeneration);
        _customer.Fence = 2;
        _zone.Do(new ReleaseRows(_customer.Call(_customer.Launch())));
        Assert.Equal(RefusalCode.WrongLift, _zone.Refused(new ClaimCustomer(_customer.Claim(3, lifted: 1), Lift(1))));
    }

    [SkippableFact]
    public void Lock_should_be_believed_from_users_only_and_once_for_each_request()
    {
        var request = Lock();
        Assert.Equal(RequestRefusal.BadSignature, _zone.Refused(new RaiseLock(_customer.Name, Lock(by: new SignerKey()))));
        Assert.Equal(RequestRefusal.UnknownUser, _zone.Refused(new RaiseLock(_customer.Name, Lock("mallory"))));
        Assert.Equal(RefusalCode.UnknownCustomer, _zone.Refused(new RaiseLock(TestCustomer.N("none"), request)));
        Assert.Equal(RequestRefusal.WrongAction, _zone.Refused(new RaiseLock(_customer.Name, Lift(1))));
        Assert.Equal(1ul, _zone.Do(new RaiseLock(_customer.Name, request)));
        Assert.Equal(1ul, _zone.Do(new RaiseLock(_customer.Name, request)));
        Assert.Equal(2ul, _zone.Do(new RaiseLock(_customer.Name, Lock())));
        Assert.Equal(2ul, _zone.Store.Customer(_customer.Name)!.Customer.LockGeneration);
    }

    [SkippableFact]
    public void Invitation_should_be_redeemed_once_and_in_time()
    {
        var (token, late) = (new SignerKey(), new SignerKey());
        var request = Invite(token);
        _zone.Do(new InviteAgent(_customer.Name, 1, request));
        _zone.Do(new InviteAgent(_customer.Name, 1, request));
        Assert.Equal(RefusalCode.InvitationExists, _zone.Refused(new InviteAgent(_customer.Name, 1, Invite(token))));
        Assert.Equal(RefusalCode.InvitationTime, _zone.Refused(new InviteAgent(_customer.Name, 1, Invite(late, minutes: 60))));
        _zone.Do(new InviteAgent(_customer.Name, 1, Invite(late)));
        Assert.False(_zone.Store.Invitation(_customer.Name, token.Key.Fingerprint)!.Redeemed);

        _zone.Do(_customer.Commit([_customer.Grant("web-2")], token: token.Key.Fingerprint));
        Assert.True(_zone.Store.Invitation(_customer.Name, token.Key.Fingerprint)!.Redeemed);
        Assert.Equal(
            RefusalCode.InvitationNotOpen, _zone.Refused(_customer.Commit([_customer.Grant("web-3")], token: token.Key.Fingerprint)));
    }

    [SkippableFact]
    public void Enrolments_of_two_agents_should_not_share_one_redemption()
    {
        var (first, second) = (new SignerKey(), new SignerKey());
        var (a, b) = (Invite(first, agent: "web-2"), Invite(second, agent: "web-3"));
        _zone.Do(new InviteAgent(_customer.Name, 1, a));
        _zone.Do(new InviteAgent(_customer.Name, 1, b));
        var both = _customer.Commit([_customer.Grant("web-2"), _customer.Grant("web-3")], [a, b], second.Key.Fingerprint);
        Assert.Equal(RefusalCode.InvitationNotOpen, _zone.Refused(both));
        Assert.False(_zone.Store.Invitation(_customer.Name, second.Key.Fingerprint)!.Redeemed);
    }

    [SkippableFact]
    public void Expired_invitation_should_not_be_redeemed()
    {
        var token = new SignerKey();
        _zone.Do(new InviteAgent(_customer.Name, 1, Invite(token)));
        _zone.Time.Advance(TimeSpan.FromMinutes(18));
        Assert.Equal(
            RefusalCode.InvitationNotOpen, _zone.Refused(_customer.Commit([_customer.Grant("web-2")], token: token.Key.Fingerprint)));
    }

    [SkippableFact]
    public void Open_invitations_should_be_bounded()
    {
        for (var i = 0; i < ZoneUnderTest.Limits.OpenInvitations; i++)
        {
            _zone.Do(new InviteAgent(_customer.Name, 1, Invite(new SignerKey())));
        }

        Assert.Equal(RefusalCode.TooManyOpen, _zone.Refused(new InviteAgent(_customer.Name, 1, Invite(new SignerKey()))));
    }

    [SkippableFact]
    public void Generation_should_take_the_next_and_a_repetition_of_the_same_boot()
    {
        var (boot, reboot) = (_customer.NewId(), _customer.NewId());
        Assert.Equal(new GenerationResult(true, false, 1), Advance(boot, 1));
        Assert.Equal(new GenerationResult(true, false, 1), Advance(boot, 1));
        Assert.Equal(new GenerationResult(true, false, 2), Advance(boot, 2));
        Assert.Equal(new GenerationResult(true, false, 3), Advance(reboot, 3));
        Assert.Equal(new GenerationResult(false, false, 3), Advance(reboot, 9));
        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(
            new AdvanceGeneration(_customer.Name, 7, TestCustomer.N("dmz-1"), TestCustomer.N("web-1"), boot, 4)));
    }

    [SkippableTheory]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    public void Used_generation_should_suspend_the_agent_until_it_enrols_again(ulong presented, ulong stands)
    {
        var (boot, clone, token) = (_customer.NewId(), _customer.NewId(), new SignerKey());
        for (var g = 1ul; g <= stands; g++)
        {
            Advance(boot, g);
        }

        Assert.Equal(new GenerationResult(false, true, stands), Advance(clone, presented));
        Assert.Equal(new GenerationResult(false, true, stands), Advance(boot, stands + 1));
        Assert.Equal(RefusalCode.AgentSuspended, _zone.Refused(new ReleaseRows(_customer.Call(_customer.Launch()))));
        var ledger = _zone.Store.Ledger(_customer.Name.Value, 3, 10);
        Assert.Single(ledger.Receipts);

        _zone.Do(new InviteAgent(_customer.Name, 1, Invite(token, agent: "web-1")));
        _zone.Do(_customer.Commit([_customer.Grant()], token: token.Key.Fingerprint));
        _zone.Do(new ReleaseRows(_customer.Call(_customer.Launch())));
    }

    private GenerationResult Advance(Id16 boot, ulong generation) =>
        _zone.Do(new AdvanceGeneration(_customer.Name, 1, TestCustomer.N("dmz-1"), TestCustomer.N("web-1"), boot, generation));

    private ReleaseCall Released()
    {
        var call = _customer.Call(_customer.Launch());
        _zone.Do(new ReleaseRows(call));
        return call;
    }

    private SignedRequest Lock(string user = "alice", SignerKey? by = null) =>
        _customer.Request(UserAction.Lock, new LockPayload(0, "drill"), user, by);

    private SignedRequest Lift(ulong generation, SignerKey? by = null) =>
        _customer.Request(UserAction.LiftLock, new LockPayload(generation, "over"), by: by);

    private SignedRequest Invite(SignerKey token, int minutes = 15, string agent = "web-2") => _customer.Request(
        UserAction.InviteAgent,
        new InviteAgentPayload(TestCustomer.N(agent), "i-2", [], token.Key, _zone.Time.GetUtcNow().AddMinutes(minutes)));
}
