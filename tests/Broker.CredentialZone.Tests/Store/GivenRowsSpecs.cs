using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Tests.Store;

public sealed class GivenRowsSpecs
{
    private static readonly Name Acme = Name.Parse("acme");
    private static readonly Digest First = Digest.Of([1]);
    private static readonly Digest Second = Digest.Of([2]);

    private readonly GivenRows _given = new();

    [Fact]
    public void A_row_should_be_found_under_the_root_of_its_proof_alone()
    {
        _given.Remember(Acme, First, [Row("a")]);

        Assert.NotNull(Find("a", First));
        Assert.Null(Find("a", Second));
        Assert.Null(_given.Find(Name.Parse("other"), First, Row("a").LeafKey));
    }

    [Fact]
    public void A_change_should_move_the_rows_on_and_forget_those_that_changed()
    {
        _given.Remember(Acme, First, [Row("a"), Row("b")]);
        _given.Remember(Acme, First, [Row("c"), Row("d")]);

        _given.Follow(Acme, First, Second, [(Row("a").LeafKey, Digest.Of([9])), (Row("c").LeafKey, Digest.Zero)]);

        Assert.Equal([null, "b", null, "d"], new[] { "a", "b", "c", "d" }.Select(id => Find(id, Second)?.Key.Id));
        Assert.Null(Find("b", First));
    }

    [Fact]
    public void A_change_from_another_root_should_forget_every_row()
    {
        _given.Remember(Acme, First, [Row("a")]);

        _given.Follow(Acme, Second, First, []);

        Assert.Null(Find("a", First));
    }

    [Fact]
    public void Rows_under_another_root_should_not_stay_beside_those_that_are_given()
    {
        _given.Remember(Acme, First, [Row("a")]);
        _given.Remember(Acme, Second, [Row("b")]);

        Assert.Equal((false, true), (Find("a", Second) is not null, Find("b", Second) is not null));
    }

    [Fact]
    public void A_batch_should_be_forgotten_when_two_are_given_behind_it()
    {
        _given.Remember(Acme, First, [Row("a")]);
        _given.Remember(Acme, First, [Row("b")]);
        _given.Remember(Acme, First, [Row("c")]);

        Assert.Equal([null, "b", "c"], new[] { "a", "b", "c" }.Select(id => Find(id, First)?.Key.Id));
    }

    private EntryRecord? Find(string id, Digest root) => _given.Find(Acme, root, Row(id).LeafKey);

    private static EntryRecord Row(string id) => new(new EntryKey(EntryKey.RowType, id), default, default);
}
