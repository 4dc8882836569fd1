using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Ledger;

/// <summary>A block that a commit appends; it has a receipt when the batch is signed.</summary>
internal sealed class PendingBlock(string chain, ulong position, byte[] encoding)
{
    private IReadOnlyList<Digest> _path = [];
    private Signed? _batch;

    /// <summary>The chain.</summary>
    public string Chain => chain;

    /// <summary>Position in the chain.</summary>
    public ulong Position => position;

    /// <summary>The block's encoding.</summary>
    public ReadOnlyMemory<byte> Encoding => encoding;

    /// <summary>The block's hash.</summary>
    public Digest Hash { get; } = Digest.Of(encoding);

    /// <summary>Index in the batch.</summary>
    public uint Index { get; private set; }

    /// <summary>The receipt of the signed batch.</summary>
    public Receipt Receipt => new(
        encoding, Index, _path, _batch ?? throw new InvalidOperationException("the batch is not signed yet"));

    /// <summary>The siblings up to the root, 32 bytes each.</summary>
    public byte[] PathBytes()
    {
        var bytes = new byte[_path.Count * Digest.Length];
        for (var i = 0; i < _path.Count; i++)
        {
            _path[i].CopyTo(bytes.AsSpan(i * Digest.Length));
        }

        return bytes;
    }

    /// <summary>Sets the place in the signed batch.</summary>
    public void Place(uint index, IReadOnlyList<Digest> path, Signed batch) => (Index, _path, _batch) = (index, path, batch);
}
