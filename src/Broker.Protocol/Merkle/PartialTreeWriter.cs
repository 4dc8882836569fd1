using System.Buffers;

namespace Broker.Protocol.Merkle;

/// <summary>Writes the proof that a <see cref="PartialTree"/> reads: what stands at each place, in the order node, left, right.</summary>
public sealed class PartialTreeWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(4096);

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    /// <summary>A node of which both sides follow.</summary>
    public void Node()
    {
        _bytes.GetSpan(1)[0] = PartialTree.Inside;
        _bytes.Advance(1);
    }

    /// <summary>A leaf, nothing, or a node of which nothing follows.</summary>
    public void Beside(TreeChild child)
    {
        if (child.Kind == SubtreeKind.Empty)
        {
            _bytes.GetSpan(1)[0] = PartialTree.Nothing;
            _bytes.Advance(1);
            return;
        }

        child.Write(_bytes.GetSpan(child.EncodedLength));
        _bytes.Advance(child.EncodedLength);
    }
}
