using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>A block with its place.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Position">Position in the chain.</param>
/// <param name="Block">The encoding.</param>
/// <param name="Batch">Number of its batch.</param>
/// <param name="Index">Index in the batch.</param>
/// <param name="Path">Siblings up to the batch's root, 32 bytes each.</param>
internal sealed record BlockRecord(
    string Chain, ulong Position, ReadOnlyMemory<byte> Block, long Batch, uint Index, ReadOnlyMemory<byte> Path)
{
    /// <summary>The siblings.</summary>
    /// <exception cref="MalformedException">They are not 32 bytes each.</exception>
    public Digest[] PathDigests()
    {
        if (Path.Length % Digest.Length != 0)
        {
            throw new MalformedException("a path is not of digests");
        }

        var path = new Digest[Path.Length / Digest.Length];
        for (var i = 0; i < path.Length; i++)
        {
            path[i] = new Digest(Path.Span.Slice(i * Digest.Length, Digest.Length));
        }

        return path;
    }
}
