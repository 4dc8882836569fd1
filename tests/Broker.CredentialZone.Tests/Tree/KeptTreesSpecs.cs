using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Tests.Tree;

public sealed class KeptTreesSpecs
{
    private static readonly Name Acme = Name.Parse("acme");
    private readonly MemoryNodes _nodes = new();
    private readonly KeptTrees _kept = new(max: 1000);
    private Digest _root;

    public KeptTreesSpecs() => _root = Change(new SparseTree(_nodes), 100);

    [Fact]
    public void Tree_of_another_root_should_be_read_anew()
    {
        Change(_root, 1);
        // Somebody else goes on from here.
        var other = Change(new SparseTree(_nodes), 2);

        Assert.Equal(other, _kept.Use(Acme, other, _nodes, static t => t.Root));
        Assert.NotEqual(Digest.Zero, _kept.Use(Acme, other, _nodes, static t => t.Value(Key(2))));
    }

    [Fact]
    public void Change_that_was_taken_back_should_be_forgotten()
    {
        _kept.Use(Acme, _root, _nodes, static t =>
        {
            t.Update(Key(7), Digest.Of([9]));
            return t.Root;
        });
        _kept.Forget(Acme);

        Assert.Equal(Digest.Zero, _kept.Use(Acme, _root, _nodes, static t => t.Value(Key(7))));
        Assert.Equal(_root, _kept.Use(Acme, _root, _nodes, static t => t.Root));
    }

    [Fact]
    public void Change_that_failed_should_be_forgotten()
    {
        Assert.Throws<AlteredException>(() => _kept.Use<bool>(Acme, _root, _nodes, static t =>
        {
            t.Update(Key(7), Digest.Of([9]));
            throw new AlteredException("x", "x");
        }));

        Assert.Equal(_root, _kept.Use(Acme, _root, _nodes, static t => t.Root));
    }

    [Fact]
    public void What_is_in_memory_should_not_be_read_again_and_not_grow_without_end()
    {
        _root = Change(_root, 3);
        var reads = _nodes.Reads;
        Assert.NotEqual(Digest.Zero, _kept.Use(Acme, _root, _nodes, static t => t.Value(Key(3))));
        Assert.Equal(reads, _nodes.Reads);

        for (var i = 1000; i < 3000; i++)
        {
            _root = Change(_root, i);
            Assert.InRange(_kept.Opened, 0, 1000);
        }

        for (var i = 0; i < 1100; i++)
        {
            _kept.Use(Name.Parse($"c-{i}"), Digest.Zero, new MemoryNodes(), static t => t.Root);
            Assert.InRange(_kept.Opened, 0, 1000);
        }
    }

    [Fact]
    public void Tree_that_is_in_use_should_keep_nobody_waiting()
    {
        var inner = _kept.Use(Acme, _root, _nodes, _ =>
            Task.Run(() => _kept.Use(Acme, _root, _nodes, static t => t.Root)).GetAwaiter().GetResult());
        Assert.Equal(_root, inner);
    }

    private static Digest Key(int number) => Digest.Of(BitConverter.GetBytes(number));

    private Digest Change(Digest root, int number) => _kept.Use(Acme, root, _nodes, tree => Change(tree, number));

    private static Digest Change(SparseTree tree, int number)
    {
        tree.Update(Key(number), Digest.Of(BitConverter.GetBytes(number + 1)));
        tree.Flush();
        return tree.Root;
    }
}
