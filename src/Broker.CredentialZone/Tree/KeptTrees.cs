using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Tree;

/// <summary>
/// What is in memory of the trees that were changed last, so that a proof reads what is new to it, and the change that follows nothing.
/// A tree is used where it has the root that is asked for: then it is that tree, whoever wrote it. For several threads.
/// </summary>
/// <param name="max">Nodes of all trees together; beyond it they are forgotten.</param>
internal sealed class KeptTrees(int max)
{
    private readonly Dictionary<Name, Kept> _kept = [];
    private int _opened;

    /// <summary>Nodes that are remembered, about.</summary>
    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Uses a tree; one that is in use elsewhere is read anew, so nobody waits.</summary>
    /// <param name="customer">Whose it is.</param>
    /// <param name="root">The root that it has.</param>
    /// <param name="nodes">The stored nodes.</param>
    /// <param name="use">What to do with it; where it throws, the tree is forgotten.</param>
    public T Use<T>(Name customer, Digest root, ITreeNodes nodes, Func<SparseTree, T> use)
    {
        var kept = Of(customer);
        if (!Monitor.TryEnter(kept))
        {
            return use(new SparseTree(nodes));
        }

        try
        {
            var tree = kept.Tree;
            kept.Tree = null;
            if (tree?.Root == root)
            {
                tree.Through(nodes);
            }
            else
            {
                tree = new SparseTree(nodes);
            }

            var result = use(tree);
            kept.Tree = tree;
            Count(kept, tree.Opened);
            return result;
        }
        finally
        {
            Monitor.Exit(kept);
        }
    }

    /// <summary>Forgets the tree of a customer: what was changed in it is not kept.</summary>
    public void Forget(Name customer)
    {
        lock (_kept)
        {
            if (_kept.Remove(customer, out var kept))
            {
                _opened -= kept.Opened;
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_kept)
        {
            _kept.Clear();
            _opened = 0;
        }
    }

    private Kept Of(Name customer)
    {
        lock (_kept)
        {
            if (!_kept.TryGetValue(customer, out var kept))
            {
                _kept[customer] = kept = new Kept(customer);
            }

            return kept;
        }
    }

    private void Count(Kept kept, int opened)
    {
        lock (_kept)
        {
            // It may have been forgotten meanwhile.
            if (!_kept.TryGetValue(kept.Customer, out var known) || known != kept)
            {
                return;
            }

            // Each is one more, so that empty trees count too.
            _opened += 1 + opened - kept.Opened;
            kept.Opened = 1 + opened;
            if (_opened > max)
            {
                Clear();
            }
        }
    }

    private sealed class Kept(Name customer)
    {
        public Name Customer => customer;

        public SparseTree? Tree { get; set; }

        public int Opened { get; set; }
    }
}
