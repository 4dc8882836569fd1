using System.Buffers;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>Writes a <see cref="BatchProof"/>: what stands at each place, in the order node, left, right.</summary>
public sealed class BatchProofWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(4096);

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    /// <summary>A node with leaves of the batch below; its left side comes next, then its right one.</summary>
    public void Node() => Token(BatchProof.Node);

    /// <summary>A leaf of the batch.</summary>
    public void Leaf() => Token(BatchProof.Leaf);

    /// <summary>What stands beside the paths of the batch.</summary>
    public void Beside(Subtree subtree)
    {
        if (subtree.Kind == SubtreeKind.Empty)
        {
            Token(BatchProof.Empty);
            return;
        }

        Token(BatchProof.Beside);
        subtree.Hash.CopyTo(_bytes.GetSpan(Digest.Length));
        _bytes.Advance(Digest.Length);
    }

    private void Token(byte token)
    {
        _bytes.GetSpan(1)[0] = token;
        _bytes.Advance(1);
    }
}
