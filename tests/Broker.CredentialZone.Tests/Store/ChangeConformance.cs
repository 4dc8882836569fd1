using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>What every store does with enrolments, claims and commits.</summary>
public abstract class ChangeConformance : IDisposable
{
    private readonly ZoneUnderTest _zone;

    private protected ChangeConformance(Func<string, IZoneDatabase> open) => _zone = new ZoneUnderTest(open);

    public void Dispose()
    {
        _zone.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableFact]
    public void Enrolment_should_make_a_customer_once()
    {
        var customer = _zone.NewCustomer();
        var done = _zone.Do(customer.Enrol());
        Assert.Equal(2ul, done.Ledger.Length);
        var state = _zone.Store.Customer(customer.Name)!.Customer;
        Assert.Equal(
            (1ul, 0ul, customer.Incarnation, 1ul), (state.Fence, state.LockGeneration, state.OwnerIncarnation, state.Head.Counter));
        Assert.Equal([customer.Name], _zone.Store.Customers("", 10));
        Assert.Equal(RefusalCode.CustomerExists, _zone.Refused(_zone.NewCustomer().Enrol()));
    }

    [SkippableFact]
    public void Enrolment_should_refuse_what_does_not_follow_from_the_plan()
    {
        Assert.Equal(RefusalCode.PlanMismatch, _zone.Refused(_zone.NewCustomer().Enrol(bend: r => r with { Ways = [] })));
        Assert.Equal(RefusalCode.PlanMismatch, _zone.Refused(_zone.NewCustomer().Enrol(bend: r => r with { Revision = 2 })));
        Assert.Equal(RefusalCode.PlanMismatch, _zone.Refused(_zone.NewCustomer().Enrol(bend: r => r with { Plan = Digest.Zero })));
        Assert.Equal(RefusalCode.PlanMismatch, _zone.Refused(_zone.NewCustomer().Enrol(bend: r => r with { AdministratorsRequired = 2 })));
        Assert.Equal(RefusalCode.Misaddressed, _zone.Refused(_zone.NewCustomer().Enrol(bend: r => r with { Epoch = 2 })));
        Assert.Equal(
            RefusalCode.BadSignature, _zone.Refused(_zone.NewCustomer().Enrol(bend: r => r with { Identity = new SignerKey().Key })));
        Assert.Equal(RefusalCode.WrongFence, _zone.Refused(_zone.NewCustomer().Enrol(bendClaim: c => c with { Fence = 2 })));
        Assert.Equal(
            RefusalCode.PlanMismatch, _zone.Refused(_zone.NewCustomer().Enrol(bendClaim: c => c with { Incarnation = Digest.Zero })));
        var plan = _zone.NewCustomer().Plan();
        var late = plan with { NotAfter = _zone.Time.GetUtcNow().AddMinutes(-3) };
        Assert.Equal(RefusalCode.PlanExpired, _zone.Refused(_zone.NewCustomer().Enrol(late)));
        Assert.Equal(RefusalCode.Malformed, _zone.Refused(_zone.NewCustomer().Enrol(plan with { OneWayOnly = false })));
        var other = new SignerKey();
        var replaced = plan with { Administrators = [new(TestCustomer.N("alice"), other.Key)] };
        Assert.Equal(RefusalCode.PlanMismatch, _zone.Refused(_zone.NewCustomer().Enrol(replaced)));
        Assert.Empty(_zone.Store.Customers("", 10));
        Assert.Null(_zone.Store.Customer(TestCustomer.N("acme")));
    }

    [SkippableFact]
    public void Claim_should_raise_the_fence_by_one_and_bar_the_one_before()
    {
        var customer = _zone.Ready();
        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(new ClaimCustomer(customer.Claim(3), null)));
        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(new ClaimCustomer(customer.Claim(1), null)));
        Assert.Equal(RefusalCode.BadSignature, _zone.Refused(new ClaimCustomer(customer.Claim(2, by: new SignerKey()), null)));
        Assert.Equal(RefusalCode.Misaddressed, _zone.Refused(new ClaimCustomer(customer.Claim(2, bend: c => c with { Epoch = 2 }), null)));
        Assert.Equal(RefusalCode.WrongLift, _zone.Refused(new ClaimCustomer(customer.Claim(2, lifted: 1), null)));
        Assert.Equal(RefusalCode.UnknownCustomer, _zone.Refused(new ClaimCustomer(_zone.NewCustomer("none").Claim(1), null)));
        Assert.Equal(2ul, _zone.Do(new ClaimCustomer(customer.Claim(2), null)).Customer.Fence);

        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(new ReleaseRows(customer.Call(customer.Launch()))));
        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(customer.Commit([customer.Grant("web-2")])));
    }

    [SkippableFact]
    public void Commit_should_change_entries_rows_and_head_together()
    {
        var customer = _zone.Ready();
        var key = EntryKey.Row(TestCustomer.N("db"), 1);
        _zone.Do(customer.Commit([customer.Credential("db", 2), customer.Row("db", 2), TestCustomer.Remove(key)]));
        var read = _zone.Store.ReadEntries(customer.Name,
            [key, EntryKey.Row(TestCustomer.N("db"), 2), EntryKey.Credential(TestCustomer.N("db"))])!;
        Assert.Equal(customer.LastHead!.Statement.ToArray(), read.Head.Statement.ToArray());
        Assert.Equal(Digest.Zero, read.Entries[0].Value);
        Assert.Null(read.Entries[1].Entry);
        Assert.NotEqual(Digest.Zero, read.Entries[1].Value);
        Assert.Equal(2u, CredentialEntry.Decode(read.Entries[2].Entry!.Statement.Span).Version);
        foreach (var entry in read.Entries)
        {
            var leaf = entry.Value == Digest.Zero ? Digest.Zero : TreeHash.Leaf(entry.Key.LeafKey, entry.Value);
            Assert.True(TreeProof.Parse(entry.Proof.Span).LeadsTo(customer.Root, entry.Key.LeafKey, leaf));
        }

        Assert.Throws<ArgumentException>(() => _zone.Store.ListEntries(customer.Name, EntryKey.RowType, "", 10));
        Assert.Equal(["db"], _zone.Store.ListEntries(customer.Name, EntryKey.CredentialType, "", 10).Select(e => e.Key.Id));
    }

    [SkippableFact]
    public void Commit_should_refuse_and_leave_nothing()
    {
        var customer = _zone.Ready();
        var before = _zone.Store.Customer(customer.Name)!;

        // Each attempt has its own copy of what the key owner knows, as after reading everything again.
        Assert.Equal(RefusalCode.WrongHead, Bent(h => h with { Counter = 9 }));
        Assert.Equal(RefusalCode.WrongHead, Bent(h => h with { LedgerPosition = 99 }));
        Assert.Equal(RefusalCode.WrongHead, Bent(h => h with { LedgerPosition = before.Ledger.Length, LedgerHash = Digest.Of([1]) }));
        Assert.Equal(RefusalCode.Misaddressed, Bent(h => h with { Epoch = 2 }));
        Assert.Equal(RefusalCode.RootMismatch, Bent(h => h with { Root = Digest.Of([1]) }));
        Assert.Equal(RefusalCode.StaleCounter, Refused(customer, 1, customer.Grant("web-2")));
        Assert.Equal(RefusalCode.EntryMismatch, Refused(
            customer, 2, customer.Grant("web-2") with { Key = EntryKey.Grant(TestCustomer.N("web-3")) }));
        Assert.Equal(RefusalCode.EntryMismatch, Refused(customer, 2, TestCustomer.Remove(new EntryKey("nothing", "x"))));
        Assert.Equal(RefusalCode.EntryMismatch, Refused(customer, 2, TestCustomer.Remove(EntryKey.Custody(1))));
        Assert.Equal(RefusalCode.Malformed, Refused(customer, 2, customer.Grant("web-2") with { Statement = new byte[8] }));
        Assert.Equal(RefusalCode.Malformed, Refused(customer, 2, customer.Grant("web-2"), customer.Grant("web-2")));
        Assert.Equal(RefusalCode.BadSignature, Refused(customer, 2, customer.Grant("web-2") with { Signature = new byte[64] }));
        Assert.Equal(RefusalCode.BadSignature, Refused(customer, 2, customer.Row("db", 2) with { Signature = new byte[64] }));
        Assert.Equal(RefusalCode.InvitationNotOpen, _zone.Refused(new CommitChange(new ChangeSet(
            customer.Name, 1, 2, HeadOf(customer, 3), [customer.Grant("web-2")], [], Digest.Of([7])))));

        Assert.Equal(before.Ledger, _zone.Store.Customer(customer.Name)!.Ledger);
        Assert.Equal(before.Customer.Head, _zone.Store.Customer(customer.Name)!.Customer.Head);
        Assert.Empty(_zone.Store.ListEntries(customer.Name, EntryKey.GrantType, "web-1", 10));

        string Bent(Func<CustomerHead, CustomerHead> bend) => _zone.Refused(new CommitChange(new ChangeSet(
            customer.Name, 1, 2, HeadOf(customer, 3, bend), [customer.Grant("web-2")], [], null)));
    }

    [SkippableFact]
    public void Commit_should_remember_its_requests()
    {
        var customer = _zone.Ready();
        var key = customer.NewId();
        var request = customer.Request(UserAction.RemoveAgent, new NamePayload(TestCustomer.N("x")), key: key);
        _zone.Do(customer.Commit([customer.Grant("web-2")], [request]));
        Assert.Equal(RefusalCode.AlreadyCommitted, _zone.Refused(Again(request)));
        var other = customer.Request(UserAction.RemoveAgent, new NamePayload(TestCustomer.N("y")), key: key);
        Assert.Equal(RefusalCode.IdempotencyConflict, _zone.Refused(Again(other)));
        _zone.Time.Advance(TimeSpan.FromHours(25));
        _zone.Do(new KeepHouse(TestCustomer.N("zone-1")));
        Assert.Equal(RefusalCode.RootMismatch, _zone.Refused(Again(other)));

        CommitChange Again(SignedRequest r) =>
            new(new ChangeSet(customer.Name, 1, 3, HeadOf(customer, 4), [customer.Grant("web-9")], [r], null));
    }

    private static Protocol.Statements.Signed HeadOf(TestCustomer customer, ulong counter, Func<CustomerHead, CustomerHead>? bend = null)
    {
        var head = new CustomerHead(customer.Cluster, customer.Name, 1, counter, Digest.Of([5]), 0, Digest.Zero);
        return customer.Identity.Sign(bend?.Invoke(head) ?? head);
    }

    private string Refused(TestCustomer customer, ulong expected, params EntryChange[] changes) =>
        _zone.Refused(new CommitChange(new ChangeSet(customer.Name, 1, expected, HeadOf(customer, 3), changes, [], null)));
}
