using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>What every store does with changes of custody and rotations. The zone believes administrators, not the key owner.</summary>
public abstract class CustodyConformance : IDisposable
{
    private static readonly Dictionary<string, (string Code, Action<CustodyWork> Bend)> Changes = new()
    {
        ["one administrator"] = (RequestRefusal.CoSignatureNeeded, static w => w.CoSigner = null),
        ["one person twice"] = (RequestRefusal.CoSignatureNeeded, static w => w.CoSigner = ("alice", w.Customer.Alice)),
        ["somebody as bob"] = (RequestRefusal.BadSignature, static w => w.CoSigner = ("bob", new SignerKey())),
        ["an unknown administrator"] = (RequestRefusal.UnknownUser, static w => w.CoSigner = ("eve", new SignerKey())),
        ["the same revision"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Revision = 1 }),
        ["a revision left out"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Revision = 3 }),
        ["another revision asked for"] = (RefusalCode.PlanMismatch, static w => w.BendChange = p => p with { Replaces = 2 }),
        ["another epoch asked for"] = (RefusalCode.PlanMismatch, static w => w.BendChange = p => p with { Epoch = 2 }),
        ["another epoch"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Epoch = 2 }),
        ["another identity"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Identity = new SignerKey().Key }),
        ["another intake key"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Intake = new SignerKey().Key }),
        ["other ways"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Ways = [] }),
        ["fewer administrators"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { AdministratorsRequired = 1 }),
        ["another request"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Plan = Digest.Zero }),
        ["one way not said so"] = (RefusalCode.Malformed, static w => w.BendChange = p => p with { OneWayOnly = false }),
        ["a signature of another"] = (RefusalCode.BadSignature, static w => w.Signer = new SignerKey()),
        ["a stale fence"] = (RefusalCode.StaleFence, static w => w.Customer.Fence = 2),
    };

    private static readonly Dictionary<string, (string Code, Action<CustodyWork> Bend)> Rotations = new()
    {
        ["one administrator"] = (RequestRefusal.CoSignatureNeeded, static w => w.CoSigner = null),
        ["somebody as bob"] = (RequestRefusal.BadSignature, static w => w.CoSigner = ("bob", new SignerKey())),
        ["the epoch after the next"] = (RefusalCode.PlanMismatch, static w => w.BendRotation = p => p with { Epoch = 3 }),
        ["another revision"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Revision = 2 }),
        ["the old identity again"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r =>
            r with { Identity = w.Customer.Identity.Key }),
        ["other ways"] = (RefusalCode.PlanMismatch, static w => w.BendRecord = r => r with { Ways = [] }),
        ["the succession of another identity"] =
            (RefusalCode.PlanMismatch, static w => w.BendSuccession = s => s with { Old = new SignerKey().Key }),
        ["a succession to another identity"] =
            (RefusalCode.PlanMismatch, static w => w.BendSuccession = s => s with { New = new SignerKey().Key }),
        ["compromised, says the succession alone"] =
            (RefusalCode.PlanMismatch, static w => (w.BendSuccession, w.Old) = (s => s with { Compromised = true }, null)),
        ["no old signature"] = (RefusalCode.BadSignature, static w => w.Old = null),
        ["the old signature of another"] = (RefusalCode.BadSignature, static w => w.Old = new SignerKey()),
        ["an old signature though compromised"] =
            (RefusalCode.BadSignature, static w => w.BendRotation = p => p with { Compromised = true }),
        ["head and entries by another"] = (RefusalCode.BadSignature, static w => w.Signer = new SignerKey()),
        ["head and entries by the old identity"] = (RefusalCode.BadSignature, static w => w.Signer = w.Customer.Identity),
        ["something else with it"] = (RefusalCode.EntryMismatch, static w => w.Also = w.Customer.Row("db", 2)),
        ["one way not said so"] = (RefusalCode.Malformed, static w => w.BendRotation = p => p with { OneWayOnly = false }),
        ["a stale fence"] = (RefusalCode.StaleFence, static w => w.Customer.Fence = 2),
    };

    private readonly ZoneUnderTest _zone;

    private protected CustodyConformance(Func<string, IZoneDatabase> open) => _zone = new ZoneUnderTest(open);

    public static TheoryData<string> ChangeNames => [.. Changes.Keys];

    public static TheoryData<string> RotationNames => [.. Rotations.Keys];

    public void Dispose()
    {
        _zone.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableFact]
    public void Custody_should_be_replaced_by_the_revision_that_two_administrators_ask_for()
    {
        var work = CustodyWork.Of(_zone);
        _zone.Do(work.Change());
        _zone.Do(work.Change());

        var customer = _zone.Store.Customer(work.Customer.Name)!.Customer;
        Assert.Equal((1u, 3u), (customer.Custody.Epoch, customer.Custody.Revision));
        Assert.Equal(work.Customer.Custody!.Statement.ToArray(), customer.SignedCustody.Statement.ToArray());
        _zone.Reopen();
        Assert.Equal(3u, _zone.Store.Customer(work.Customer.Name)!.Customer.Custody.Revision);
    }

    [SkippableTheory]
    [MemberData(nameof(ChangeNames))]
    public void Custody_should_not_be_changed_with(string attack)
    {
        var work = CustodyWork.Of(_zone);
        Changes[attack].Bend(work);

        Assert.Equal(Changes[attack].Code, _zone.Refused(work.Change()));
        Assert.Equal(1u, _zone.Store.Customer(work.Customer.Name)!.Customer.Custody.Revision);
    }

    [SkippableFact]
    public void Custody_should_not_be_changed_without_a_request_or_removed()
    {
        Assert.Equal(RefusalCode.EntryMismatch, _zone.Refused(CustodyWork.Of(_zone, "a").Change(withRequest: false)));
        var customer = CustodyWork.Of(_zone, "b").Customer;
        Assert.Equal(RefusalCode.EntryMismatch, _zone.Refused(customer.Commit([TestCustomer.Remove(EntryKey.Custody(1))])));
    }

    [SkippableFact]
    public void A_rotation_should_begin_the_epoch_and_leave_rows_and_directory()
    {
        var work = CustodyWork.Of(_zone);
        var customer = work.Customer;
        var old = customer.Identity;
        var receipt = _zone.Do(work.Rotate()).Receipt;

        var state = _zone.Store.Customer(customer.Name)!;
        Assert.Equal((2u, 2u, 3ul), (state.Customer.Custody.Epoch, state.Customer.Head.Epoch, state.Customer.Head.Counter));
        Assert.True(state.IsRotating);
        Assert.Equal((1ul, 1ul), state.Rows);
        Assert.Equal(SuccessionOutcome.Followed, SuccessionChain.Follow(
            old.Key.Fingerprint, work.Next.Key.Fingerprint, state.Successions, customer.Cluster, customer.Name));
        Assert.Equal(BlockKind.Rotated, receipt.Verify(_zone.LedgerKey.Key, customer.Cluster)!.Kind);

        // Users were signed by the old identity, and are believed as what stands under the new head.
        Assert.Equal(1ul, _zone.Do(new RaiseLock(customer.Name, customer.Request(UserAction.Lock, new LockPayload(0, "x")))));
    }

    [SkippableTheory]
    [MemberData(nameof(RotationNames))]
    public void An_epoch_should_not_begin_with(string attack)
    {
        var work = CustodyWork.Of(_zone);
        Rotations[attack].Bend(work);

        Assert.Equal(Rotations[attack].Code, _zone.Refused(work.Rotate()));
        Assert.Equal(1u, _zone.Store.Customer(work.Customer.Name)!.Customer.Custody.Epoch);
    }

    [SkippableFact]
    public void An_epoch_should_not_begin_without_the_record_of_its_request_or_while_locked()
    {
        Assert.Equal(RefusalCode.EntryMismatch, _zone.Refused(CustodyWork.Of(_zone, "a").Rotate(withRecord: false)));
        var work = CustodyWork.Of(_zone, "b");
        _zone.Do(new RaiseLock(work.Customer.Name, work.Customer.Request(UserAction.Lock, new LockPayload(0, "x"))));
        Assert.Equal(RefusalCode.Locked, _zone.Refused(work.Rotate()));
    }

    [SkippableFact]
    public void An_epoch_should_not_begin_while_the_rotation_before_is_unfinished()
    {
        var work = CustodyWork.Of(_zone);
        _zone.Do(work.Rotate());

        Assert.Equal(RefusalCode.RotationUnfinished, _zone.Refused(new CustodyWork(work.Customer).Rotate()));
    }

    [SkippableFact]
    public void Rows_of_an_earlier_epoch_should_leave_with_an_intent_and_no_others()
    {
        var work = CustodyWork.Of(_zone);
        var customer = work.Customer;
        Assert.Empty(_zone.Do(new RotateRows(customer.Name, 1)).Rows);
        _zone.Do(work.Rotate());

        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(new RotateRows(customer.Name, 2)));
        var released = _zone.Do(new RotateRows(customer.Name, 1));
        var row = Assert.Single(released.Rows);
        var block = released.Receipt!.Verify(_zone.LedgerKey.Key, customer.Cluster)!;
        var intent = Statement.Read<RotationIntent>(block.Body.Span);
        Assert.Equal((BlockKind.Rotation, 2u, 1ul), (block.Kind, intent.Epoch, intent.Fence));
        Assert.Equal([TreeHash.Leaf(row.Key.LeafKey, Digest.Of(row.Statement.Span))], intent.Leaves);
        Assert.Null(released.Head);
        var proven = _zone.Do(new RotateRows(customer.Name, 1, skip: 0, maxRows: 512));
        var proof = BatchProof.Read(proven.Proof.Span, [(row.Key.LeafKey, intent.Leaves[0])]);
        Assert.Equal(proven.Head!.Read<CustomerHead>().Root, proof.Root);
        Assert.Equal(row.Key, Assert.Single(proven.Rows).Key);
        Assert.Empty(_zone.Do(new RotateRows(customer.Name, 1, skip: 1, maxRows: 512)).Rows);

        Assert.Equal(RefusalCode.EntryMismatch, _zone.Refused(End(customer)));
        _zone.Do(customer.Commit([customer.Row("db", 1)]));
        var none = _zone.Do(new RotateRows(customer.Name, 1));
        Assert.Null(none.Receipt);
        Assert.Empty(none.Rows);
        _zone.Do(new RaiseLock(customer.Name, customer.Request(UserAction.Lock, new LockPayload(0, "x"))));
        Assert.Equal(RefusalCode.Locked, _zone.Refused(new RotateRows(customer.Name, 1)));
    }

    [SkippableFact]
    public void A_row_should_be_replaced_only_by_itself_under_the_later_epoch()
    {
        var work = CustodyWork.Of(_zone);
        var customer = work.Customer;
        Assert.Equal(RefusalCode.EntryMismatch, Replaced(customer.Row("db", 1, length: 65)));
        _zone.Do(work.Rotate());

        Assert.Equal(RefusalCode.EntryMismatch, Replaced(Row(customer, "db", static h => h with { Epoch = 1 })));
        Assert.Equal(RefusalCode.EntryMismatch, Replaced(Row(customer, "db", static h => h with { Epoch = 3 })));
        Assert.Equal(RefusalCode.EntryMismatch, Replaced(Row(customer, "db", static h => h with { Kind = CredentialKind.Opaque })));
        Assert.Equal(RefusalCode.EntryMismatch, Replaced(Row(customer, "db", static h => h with { Length = 9 })));

        string Replaced(EntryChange row) => _zone.Refused(new CommitChange(Head(customer, [row])));
    }

    [SkippableFact]
    public void Rows_that_were_given_should_be_replaced_under_the_same_rule()
    {
        var (work, customer) = ThreeRows();
        var given = _zone.Do(new RotateRows(customer.Name, 1, skip: 0, maxRows: 512)).Rows;
        Assert.Equal(["db/1", "other/1", "third/1"], given.Select(static r => r.Key.Id).Order());

        var other = Row(customer, "other", static h => h with { Length = 9 });
        Assert.Equal(RefusalCode.EntryMismatch, _zone.Refused(new CommitChange(Head(customer, [customer.Row("db", 1), other]))));
        _zone.Do(new RotateRows(customer.Name, 1, skip: 0, maxRows: 512));
        _zone.Do(customer.Commit([customer.Row("db", 1), customer.Row("other", 1), customer.Row("third", 1)]));
        _zone.Do(work.End());
    }

    [SkippableFact]
    public void Rows_that_were_given_should_stay_where_the_root_is_another()
    {
        var (work, customer) = ThreeRows();
        var before = Given();
        EntryChange[] rows = [customer.Row("db", 1), customer.Row("other", 1), customer.Row("third", 1)];

        Assert.Equal(RefusalCode.RootMismatch, _zone.Refused(new CommitChange(Head(customer, rows))));

        Assert.Equal(before, Given());
        _zone.Do(customer.Commit(rows));
        Assert.Empty(Given());
        _zone.Do(work.End());

        string[] Given() => [.. _zone.Do(new RotateRows(customer.Name, 1, skip: 0, maxRows: 512)).Rows
            .Select(static r => Convert.ToHexString(r.Statement.Span))];
    }

    [SkippableFact]
    public void A_rotation_should_go_on_with_the_next_while_a_batch_is_on_its_way()
    {
        var work = CustodyWork.Of(_zone);
        var customer = work.Customer;
        string[] names = ["db", .. Enumerable.Range(0, 40).Select(static i => $"c-{i}")];
        _zone.Do(customer.Commit([.. names[1..].Select(n => customer.Row(n, 1))]));
        _zone.Do(work.Rotate());

        var seen = new List<string>();
        for (var ahead = Give(0); ahead.Length > 0;)
        {
            var rows = ahead;
            ahead = Give(rows.Length);
            _zone.Do(customer.Commit([.. rows.Select(n => customer.Row(n, 1))]));
            seen.AddRange(rows);
        }

        Assert.Equal(names.Order(), seen.Order());
        _zone.Do(work.End());

        string[] Give(int skip) => [.. _zone.Do(new RotateRows(customer.Name, 1, (uint)skip, maxRows: 7)).Rows
            .Select(static r => r.Key.Id.Split('/')[0])];
    }

    [SkippableFact]
    public void A_row_that_was_given_and_replaced_since_should_not_be_replaced_again()
    {
        var (_, customer) = ThreeRows();
        _zone.Do(new RotateRows(customer.Name, 1, skip: 0, maxRows: 512));
        _zone.Do(customer.Commit([customer.Row("db", 1)]));

        // Root and counter are right: nothing but the row that stands there now is against it.
        Assert.Equal(
            RefusalCode.EntryMismatch, _zone.Refused(customer.Commit([customer.Row("db", 1, length: 65), customer.Row("other", 1)])));
    }

    [SkippableFact]
    public void A_rotation_should_end_once_when_no_row_is_left()
    {
        var work = CustodyWork.Of(_zone);
        var customer = work.Customer;
        _zone.Do(work.Rotate());
        _zone.Do(customer.Commit([customer.Row("db", 1)]));

        var receipt = _zone.Do(work.End()).Receipt;

        Assert.Equal(BlockKind.RotationEnded, receipt.Verify(_zone.LedgerKey.Key, customer.Cluster)!.Kind);
        var state = _zone.Store.Customer(customer.Name)!;
        Assert.False(state.IsRotating);
        Assert.Single(state.Successions);
        Assert.Equal(RefusalCode.EntryMismatch, _zone.Refused(new CommitChange(
            Head(customer, [TestCustomer.Remove(EntryKey.Custody(2))]))));
        _zone.Do(new CustodyWork(customer).Rotate());
    }

    [SkippableFact]
    public void A_succession_should_stand_for_ever()
    {
        var work = CustodyWork.Of(_zone);
        _zone.Do(work.Rotate());

        Assert.Equal(RefusalCode.EntryMismatch, _zone.Refused(new CommitChange(
            Head(work.Customer, [TestCustomer.Remove(EntryKey.Succession(2))]))));
    }

    private CommitChange End(TestCustomer customer) => new(Head(customer, [TestCustomer.Remove(EntryKey.Custody(1))]));

    private (CustodyWork Work, TestCustomer Customer) ThreeRows()
    {
        var work = CustodyWork.Of(_zone);
        var customer = work.Customer;
        _zone.Do(customer.Commit([customer.Row("other", 1), customer.Row("third", 1)]));
        _zone.Do(work.Rotate());
        return (work, customer);
    }

    private static EntryChange Row(TestCustomer customer, string credential, Func<RowHeader, RowHeader> bend) => new(
        EntryKey.Row(TestCustomer.N(credential), 1),
        new StoredRow(
            bend(new RowHeader(
                customer.Cluster, customer.Name, TestCustomer.N(credential), 1, CredentialKind.Password, 2, 8)).Encode(),
            new byte[32], new byte[32], new byte[64]).Encode(),
        default);

    // A commit that is refused before its root is looked at, so that the customer's own tree stays as it is.
    private ChangeSet Head(TestCustomer customer, IReadOnlyList<EntryChange> changes)
    {
        var counter = _zone.Store.Customer(customer.Name)!.Customer.Head.Counter;
        var head = new CustomerHead(
            customer.Cluster, customer.Name, customer.Epoch, counter + 1, Digest.Of([5]), 0, Digest.Zero);
        return new ChangeSet(customer.Name, 1, counter, customer.Identity.Sign(head), changes, [], null);
    }
}
