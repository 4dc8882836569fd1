using System.Buffers.Binary;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;

namespace Broker.Secrets;

/// <summary>
/// A customer's secrets on their way from holder to holder: for each epoch, ascending, <c>u32 epoch ‖ K_e</c>, in locked memory at both
/// ends and sealed by HPKE between them. What they are bound to is the <c>info</c> of the intent.
/// </summary>
public static class TransferSeal
{
    private const int ItemLength = sizeof(uint) + CustomerSecret.Length;

    /// <summary>Seals secrets to an incarnation.</summary>
    /// <param name="secrets">1 or 2, of ascending epochs of one customer; they stay the caller's.</param>
    /// <param name="incarnation">The key of the incarnation that gets them.</param>
    /// <param name="info"><see cref="TransferIntent.Info"/>.</param>
    /// <param name="random">The system's randomness.</param>
    /// <returns>Encapsulated key ‖ ciphertext ‖ tag.</returns>
    public static byte[] Seal(
        IReadOnlyList<CustomerSecret> secrets, PublicKey incarnation, ReadOnlySpan<byte> info, RandomFill random)
    {
        if (secrets.Count is 0 or > TransferIntent.MaxEpochs)
        {
            throw new ArgumentException("a transfer is of one or two epochs", nameof(secrets));
        }

        using var content = SecretBuffer.Allocate(secrets.Count * ItemLength);
        var rest = content.Span;
        foreach (var secret in secrets)
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, secret.Epoch);
            secret.CopyTo(rest.Slice(sizeof(uint), CustomerSecret.Length));
            rest = rest[ItemLength..];
        }

        return Hpke.Seal(incarnation.Bytes.Span, info, [], content.Span, random);
    }

    /// <summary>Takes apart what an incarnation opened.</summary>
    /// <param name="content">The opened content; wiped here.</param>
    /// <param name="cluster">The installation.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="epochs">The epochs that the intent names.</param>
    /// <returns>The secrets in the order of the epochs, owned by the caller. Whose they are is the caller's to verify.</returns>
    /// <exception cref="MalformedException">It is not a content of those epochs.</exception>
    public static IReadOnlyList<CustomerSecret> Take(SecretBuffer content, Name cluster, Name customer, IReadOnlyList<uint> epochs)
    {
        using var owned = content;
        if (epochs.Count is 0 or > TransferIntent.MaxEpochs || owned.Length != epochs.Count * ItemLength)
        {
            throw new MalformedException("what was sealed is not the secrets of the epochs that the intent names");
        }

        var secrets = new List<CustomerSecret>();
        try
        {
            for (var i = 0; i < epochs.Count; i++)
            {
                var item = owned.Span.Slice(i * ItemLength, ItemLength);
                if (BinaryPrimitives.ReadUInt32BigEndian(item) != epochs[i] || (i > 0 && epochs[i] <= epochs[i - 1]))
                {
                    throw new MalformedException("what was sealed is not the secrets of the epochs that the intent names");
                }

                secrets.Add(CustomerSecret.Take(SecretBuffer.CopyOf(item[sizeof(uint)..]), cluster, customer, epochs[i]));
            }

            return secrets;
        }
        catch
        {
            secrets.ForEach(static s => s.Dispose());
            throw;
        }
    }
}
