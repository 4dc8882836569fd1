using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>An entry or row as the zone gave it, with its path; believed only after one of <see cref="LeafCache"/>.</summary>
/// <param name="Key">What it is.</param>
/// <param name="LeafKey">Its key in the tree.</param>
/// <param name="Leaf">Its leaf; zero where the zone says that there is none.</param>
/// <param name="Statement">The encoding, or null.</param>
/// <param name="Proof">The path; null where it stands in a proof of many.</param>
internal sealed record ProvenEntry(EntryKey Key, Digest LeafKey, Digest Leaf, ReadOnlyMemory<byte>? Statement, TreeProof? Proof)
{
    /// <summary>Reads an entry of the zone link.</summary>
    /// <exception cref="MalformedException">The proof is none.</exception>
    public static ProvenEntry From(Wire.Entry entry)
    {
        var key = new EntryKey(entry.Type, entry.Id);
        var leafKey = key.LeafKey;
        // Without the cast null would become empty memory, and absence an empty entry.
        var statement = entry.HasStatement ? entry.Statement.Memory : (ReadOnlyMemory<byte>?)null;
        var leaf = 0 switch
        {
            _ when statement is { } bytes => TreeHash.Leaf(leafKey, Digest.Of(bytes.Span)),

            // A row that is proven and not given: its leaf is enough to replace or remove it.
            _ when !entry.Value.IsEmpty => TreeHash.Leaf(leafKey, new Digest(entry.Value.Span)),
            _ => Digest.Zero,
        };
        return new ProvenEntry(key, leafKey, leaf, statement, entry.Proof.IsEmpty ? null : TreeProof.Parse(entry.Proof.Span));
    }

    /// <summary>Whether its own proof leads to a root.</summary>
    public bool LeadsTo(Digest root) => Proof?.LeadsTo(root, LeafKey, Leaf) == true;

    /// <summary>Reads the statement, or null where there is none or it is not a <typeparamref name="T"/>.</summary>
    public T? Read<T>()
        where T : class, IStatement<T>
    {
        try
        {
            return Statement is { } bytes ? Protocol.Statements.Statement.Read<T>(bytes.Span) : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
