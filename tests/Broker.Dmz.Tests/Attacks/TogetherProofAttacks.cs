using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>A zone that lies in the proof that it makes of all entries of a change.</summary>
public sealed class TogetherProofAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    private static readonly EntryKey Alice = EntryKey.User(TestCustomer.N("alice"));

    private delegate (IReadOnlyList<ProvenEntry> Entries, IReadOnlyList<ReadOnlyMemory<byte>> Proofs) Lie(
        IReadOnlyList<ProvenEntry> entries, byte[] proof);

    [Fact]
    public async Task What_the_zone_proves_should_be_prepared()
    {
        var customer = await world.Enrolled();
        Assert.Equal("prepared", await Prepare(customer, static (entries, proof) => (entries, [proof])));
    }

    [Fact]
    public Task No_proof_should_be_refused() => Refused(static (entries, _) => (entries, []));

    [Fact]
    public Task Proof_that_is_cut_should_be_refused() => Refused(
        static (entries, proof) => (entries, [proof.AsMemory(0, proof.Length - 1)]));

    [Fact]
    public Task Proof_beside_a_forged_one_should_be_refused() => Refused(static (entries, proof) => (entries, [proof, new byte[] { 2 }]));

    [Fact]
    public Task Proof_with_an_altered_hash_should_be_refused() => Refused(static (entries, proof) =>
    {
        proof[^1] ^= 1;
        return (entries, [proof]);
    });

    [Fact]
    public async Task Proof_of_another_customer_should_be_refused()
    {
        var (_, other, _) = await (await world.Enrolled()).ReadTogether(Alice);
        await Refused((entries, _) => (entries, [other]));
    }

    [Fact]
    public async Task Proof_of_the_head_before_should_be_refused()
    {
        var customer = await world.Enrolled();
        var (_, old, _) = await customer.ReadTogether(Alice);
        Assert.Null((await customer.Submit(
            customer.Request(UserAction.PutPolicy, customer.Policy("p", ["a"])), UserAction.PutPolicy)).Code);
        Assert.Equal(Codes.EntryForged, await Prepare(customer, (entries, _) => (entries, [old])));
    }

    [Fact]
    public Task Entry_that_is_altered_should_be_refused() => Refused(static (entries, proof) => (
        [.. entries.Select(static e => e.Key == Alice ? Of(e, e.Read<UserEntry>()! with { Role = Role.Monitor }) : e)], [proof]));

    [Fact]
    public Task Entry_that_is_said_to_be_absent_should_be_refused() => Refused(static (entries, proof) => (
        [.. entries.Select(static e => e.Key == Alice ? e with { Leaf = Digest.Zero, Statement = null } : e)], [proof]));

    [Fact]
    public Task Entry_that_is_made_up_should_be_refused() => Refused(static (entries, proof) => (
        [.. entries.Select(static e => e.Leaf == Digest.Zero ? e with { Leaf = Digest.Of([1]) } : e)], [proof]));

    [Fact]
    public async Task Key_that_the_proof_leaves_out_should_be_refused_whatever_is_said_of_it()
    {
        var customer = await world.Enrolled();
        // Three leaves at the side of the tree where the user is not: of them the proof of the user shows one hash.
        List<string> beside = [.. Enumerable.Range(0, 100).Select(static i => $"p-{i}")
            .Where(static p => EntryKey.Policy(TestCustomer.N(p)).LeafKey.Bit(0) != Alice.LeafKey.Bit(0)).Take(3)];
        foreach (var policy in beside)
        {
            Assert.Null((await customer.Submit(
                customer.Request(UserAction.PutPolicy, customer.Policy(policy, ["a"])), UserAction.PutPolicy)).Code);
        }

        var (_, one, _) = await customer.ReadTogether(Alice);
        Lie lie = (entries, _) => (entries, [one]);
        Assert.Equal(Codes.EntryForged, await Prepare(customer, lie, beside[0]));
        lie = (entries, _) => ([.. entries.Select(static e => e with { Leaf = Digest.Zero, Statement = null })], [one]);
        Assert.Equal(Codes.EntryForged, await Prepare(customer, lie, beside[0]));
    }

    [Fact]
    public async Task Change_of_what_is_left_out_should_be_refused()
    {
        var customer = await world.Enrolled();
        Assert.Equal(Codes.Malformed, await Prepare(customer, static (entries, proof) => (
            [.. entries.Where(static e => e.Key.Type != EntryKey.PolicyType)], [proof])));
    }

    private static ProvenEntry Of(ProvenEntry entry, UserEntry user) => entry with
    {
        Statement = user.Encode(),
        Leaf = TreeHash.Leaf(entry.LeafKey, Digest.Of(user.Encode())),
    };

    private async Task Refused(Lie lie) => Assert.Equal(Codes.EntryForged, await Prepare(await world.Enrolled(), lie));

    private static async Task<string> Prepare(TestCustomer customer, Lie lie, string policy = "web-x")
    {
        var put = new Change.ByUser(
            customer.Request(UserAction.PutPolicy, customer.Policy(policy, ["a"])), UserAction.PutPolicy, default);
        var (entries, proof, head) = await customer.ReadTogether(ChangeKeys.Of(put));
        var (brought, proofs) = lie(entries, proof);
        var prepared = await customer.Ask<Result<PreparedChanges>>(
            r => new CustomerKeyMessage.Prepare([put], brought, head, r) { Proofs = proofs });
        return prepared.Code ?? prepared.Value!.Refusals[0]?.Code ?? "prepared";
    }
}
