using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>What every store does with releases.</summary>
public abstract class ReleaseConformance : IDisposable
{
    private readonly ZoneUnderTest _zone;
    private readonly TestCustomer _customer;

    private protected ReleaseConformance(Func<string, IZoneDatabase> open)
    {
        _zone = new ZoneUnderTest(open);
        _customer = _zone.Ready();
    }

    public void Dispose()
    {
        _zone.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableFact]
    public void Release_should_return_rows_with_proofs_and_a_receipt_of_the_intent()
    {
        var call = _customer.Call(_customer.Launch());
        var released = Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(call)));

        Assert.False(released.Again);
        var block = released.Receipt.Verify(_zone.LedgerKey.Key, ZoneUnderTest.Cluster);
        Assert.NotNull(block);
        Assert.Equal(BlockKind.Intent, block.Kind);
        var record = Statement.Read<IntentRecord>(block.Body.Span);
        var intent = Statement.Read<Intent>(record.Intent.Span);
        Assert.Equal(
            (call.HandOff, 1u, 1ul, 0ul, 2ul), (intent.HandOff, intent.Attempt, intent.Fence, intent.LockGeneration, intent.HeadCounter));
        Assert.Equal(call.Request.Hash, intent.Request);
        Assert.Equal(call.Request.Encode(), record.Request.ToArray());

        Assert.Equal(
            [EntryKey.Grant(TestCustomer.N("web-1")), EntryKey.User(TestCustomer.N("alice")), EntryKey.Credential(TestCustomer.N("db")),
                EntryKey.Row(TestCustomer.N("db"), 1), EntryKey.Policy(TestCustomer.N("web"))],
            released.Entries.Select(e => e.Key));
        foreach (var entry in released.Entries)
        {
            var leaf = TreeHash.Leaf(entry.Key.LeafKey, Digest.Of(entry.Entry!.Statement.Span));
            Assert.True(TreeProof.Parse(entry.Proof.Span).LeadsTo(_customer.Root, entry.Key.LeafKey, leaf));
        }

        var row = released.Entries.Single(e => e.Key.Type == EntryKey.RowType);
        Assert.Equal([TreeHash.Leaf(row.Key.LeafKey, row.Value)], intent.Leaves);
        Assert.Equal(_customer.Root, released.Head.Read<CustomerHead>().Root);
        Assert.Equal(HandOffState.Released, _zone.Store.HandOff(_customer.Name, call.HandOff)!.HandOff.State);
        Assert.Equal(call.Request.Encode(), _zone.Store.HandOff(_customer.Name, call.HandOff)!.Request.ToArray());
    }

    [SkippableFact]
    public void Release_should_be_repeatable_until_it_ended()
    {
        var call = _customer.Call(_customer.Launch());
        _zone.Do(new ReleaseRows(call));
        var again = Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(call)));
        Assert.True(again.Again);
        Assert.Contains(again.Entries, e => e.Key.Type == EntryKey.RowType);
        Assert.Equal(2u, Statement.Read<Intent>(Statement.Read<IntentRecord>(
            Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(call with { Attempt = 2 }))).Receipt
                .Verify(_zone.LedgerKey.Key, ZoneUnderTest.Cluster)!.Body.Span).Intent.Span).Attempt);
        Assert.Equal(1u, _zone.Store.Customer(_customer.Name)!.Customer.OpenHandOffs);

        _zone.Do(_customer.Append(call, HandOffState.NotSent, attempt: 2));
        var ended = Assert.IsType<ReleaseResult.Ended>(_zone.Do(new ReleaseRows(call)));
        Assert.Equal(HandOffState.NotSent, ended.HandOff.State);
        Assert.Equal(0u, _zone.Store.Customer(_customer.Name)!.Customer.OpenHandOffs);
    }

    [SkippableFact]
    public void Release_for_one_who_has_seen_a_later_head_should_be_refused_and_recorded()
    {
        var call = _customer.Call(_customer.Launch());
        Assert.Equal(RefusalCode.HeadRolledBack, Refused(call with { ExpectedCounter = call.ExpectedCounter + 1 }));
        var last = LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, _customer.Name.Value, _zone.LedgerKey.Key)[^1];
        Assert.Equal(RefusalCode.HeadRolledBack, Statement.Read<Refusal>(last.Body.Span).Code);
    }

    [SkippableFact]
    public void Release_should_refuse_what_the_zone_can_tell_is_wrong()
    {
        var launch = _customer.Launch();
        var call = _customer.Call(launch);
        var length = _zone.Store.Customer(_customer.Name)!.Ledger;

        Assert.Equal(RefusalCode.UnknownCustomer, Refused(call with { Customer = TestCustomer.N("nobody") }));
        Assert.Equal(RefusalCode.StaleFence, Refused(call with { Fence = 2 }));
        Assert.Equal(RefusalCode.WrongAttempt, Refused(call with { Attempt = 2 }));
        Assert.Equal(RefusalCode.WrongHandOff, Refused(call with { HandOff = _customer.NewId() }));
        Assert.Equal(RequestRefusal.Malformed, Refused(call with { Request = launch with { Statement = new byte[3] } }));
        Assert.Equal(RequestRefusal.Malformed, Refused(call with { Request = launch with { Payload = new byte[3] } }));
        Assert.Equal(
            RequestRefusal.WrongPayload, Refused(call with { Request = launch with { Payload = _customer.Launch("other").Payload } }));
        Assert.Equal(RefusalCode.UnknownCredential, Refused(_customer.Call(_customer.Launch("none"))));
        Assert.Equal(RefusalCode.UnknownCredential, Refused(_customer.Call(_customer.Launch("db", version: 7))));
        Assert.Equal(RefusalCode.UnknownAgent, Refused(_customer.Call(_customer.Launch(agent: "none"), "none")));
        var stranger = launch with { Signatures = [.. launch.Signatures, new UserSignature(TestCustomer.N("mallory"), new byte[64])] };
        Assert.Equal(RequestRefusal.UnknownUser, Refused(call with { Request = stranger }));
        var foreign = _zone.NewCustomer("other").Launch();
        Assert.Equal(RequestRefusal.WrongCustomer, Refused(_customer.Call(foreign)));
        var login = _customer.Request(
            UserAction.Login,
            new LaunchPayload(TestCustomer.N("web-1"), [new LaunchItem(TestCustomer.N("db"), 0, TestCustomer.N("hold"))], default));
        Assert.Equal(RequestRefusal.WrongAction, Refused(_customer.Call(login)));

        Assert.Equal(length, _zone.Store.Customer(_customer.Name)!.Ledger);
        Assert.Empty(_zone.Store.HandOffs(_customer.Name, openOnly: false, null, 10));
        _zone.Do(new ReleaseRows(call));
    }

    [SkippableFact]
    public void Release_should_refuse_late_and_early_requests()
    {
        var call = _customer.Call(_customer.Launch());
        _zone.Time.Advance(TimeSpan.FromMinutes(8));
        Assert.Equal(RequestRefusal.Expired, Refused(call));
        _zone.Time.Advance(TimeSpan.FromDays(2));
        var early = new ReleaseCall(_customer.Name, 1, _customer.Launch(), default, 1, 2);
        _zone.Time.Advance(-TimeSpan.FromDays(2));
        Assert.Equal(RequestRefusal.TooFarAhead, Refused(early));
    }

    [SkippableFact]
    public void Same_idempotency_key_with_another_body_should_conflict()
    {
        var key = _customer.NewId();
        _zone.Do(new ReleaseRows(_customer.Call(_customer.Launch(key: key))));
        Assert.Equal(RefusalCode.IdempotencyConflict, Refused(_customer.Call(_customer.Launch(version: 1, key: key))));
    }

    [SkippableFact]
    public void Credential_without_its_policy_should_not_be_released()
    {
        _zone.Do(_customer.Commit([
            _customer.Credential("api", 1, "lost"), _customer.Row("api", 1),
            _customer.Credential("own", 1, ReleasePolicy.Default.Value), _customer.Row("own", 1)]));
        Assert.Equal(RefusalCode.UnknownPolicy, Refused(_customer.Call(_customer.Launch("api"))));
        var released = Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(_customer.Call(_customer.Launch("own")))));
        Assert.DoesNotContain(released.Entries, e => e.Key.Type == EntryKey.PolicyType);
    }

    [SkippableFact]
    public void Launch_larger_than_an_envelope_should_not_be_released()
    {
        var names = Enumerable.Range(0, 5).Select(i => $"big-{i}").ToList();
        _zone.Do(_customer.Commit([.. names.SelectMany(n => new[] { _customer.Credential(n, 1), _customer.Row(n, 1, 1 << 20) })]));
        Assert.Equal(RefusalCode.LaunchTooLarge, Refused(_customer.Call(Launch(names))));
        var released = Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(_customer.Call(Launch(names[..4])))));
        Assert.Equal(4, released.Entries.Count(e => e.Key.Type == EntryKey.RowType));

        SignedRequest Launch(List<string> credentials) => _customer.Request(
            UserAction.Launch,
            new LaunchPayload(
                TestCustomer.N("web-1"), [.. credentials.Select(c => new LaunchItem(TestCustomer.N(c), 0, TestCustomer.N("hold")))],
                default));
    }

    [SkippableFact]
    public void Releases_of_a_minute_should_be_bounded()
    {
        _zone.Reopen(ZoneUnderTest.Limits with { ReleasesPerMinute = 2 });
        _zone.Do(new ReleaseRows(_customer.Call(_customer.Launch())));
        _zone.Do(new ReleaseRows(_customer.Call(_customer.Launch())));
        Assert.Equal(RefusalCode.RateExceeded, Refused(_customer.Call(_customer.Launch())));
        _zone.Time.Advance(TimeSpan.FromMinutes(1));
        _zone.Do(new ReleaseRows(_customer.Call(_customer.Launch())));
    }

    [SkippableFact]
    public void Open_hand_offs_and_uses_should_be_bounded_and_outcomes_make_room()
    {
        _zone.Reopen(ZoneUnderTest.Limits with { OpenHandOffs = 1, OpenUses = 1 });
        var first = _customer.Call(_customer.Launch());
        _zone.Do(new ReleaseRows(first));
        Assert.Equal(RefusalCode.TooManyOpen, Refused(_customer.Call(_customer.Launch())));
        _zone.Do(new ReleaseRows(first));
        _zone.Do(_customer.Append(first, HandOffState.Acknowledged));
        Assert.Equal(RefusalCode.TooManyOpen, Refused(_customer.Call(_customer.Launch())));
        _zone.Do(_customer.Append(first, HandOffState.Used));
        _zone.Do(new ReleaseRows(_customer.Call(_customer.Launch())));
    }

    [SkippableFact]
    public void Nothing_new_should_be_accepted_in_the_space_reserved_for_outcomes()
    {
        var call = _customer.Call(_customer.Launch());
        _zone.Do(new ReleaseRows(call));
        _zone.Reopen(ZoneUnderTest.Limits with { ReservedBytes = long.MaxValue });
        Assert.Equal(RefusalCode.StoreFull, Refused(_customer.Call(_customer.Launch())));
        _zone.Do(_customer.Append(call, HandOffState.Acknowledged));
    }

    private string Refused(ReleaseCall call) => _zone.Refused(new ReleaseRows(call));
}
