using System.Runtime.InteropServices;
using Broker.Protocol.Identifiers;

namespace Broker.Simulation.Tests;

/// <summary>
/// Hashes and signatures that cost nanoseconds. A signature follows from the public key: nobody forges here, unless a seeded fault
/// says so.
/// </summary>
internal sealed class CheapArithmetic : SimulatedArithmetic
{
    private const ulong Signature = 0x51;

    /// <summary>Where the record of a request stands in the tree depends on this: a seeded fault that never finds it again.</summary>
    public Func<ulong>? RequestSalt { get; set; }

    /// <summary>Signs for whoever knows the point.</summary>
    public static void Sign(ReadOnlySpan<byte> point, ReadOnlySpan<byte> message, Span<byte> signature) =>
        Mix.Fill(signature, Mix.Of(message, Mix.Of(point, Signature)));

    internal override Digest Hash(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Digest.Length];
        Mix.Fill(hash, Mix.Of(data, RequestSalt is null || !IsRequestLeaf(data) ? 1 : 1 + RequestSalt()));
        return new Digest(hash);
    }

    internal override Digest Hash(byte tag, Digest left, Digest right)
    {
        unchecked
        {
            Span<ulong> words = stackalloc ulong[8];
            left.CopyTo(MemoryMarshal.AsBytes(words));
            right.CopyTo(MemoryMarshal.AsBytes(words[4..]));
            ulong a = tag, b = 0x1234567;
            for (var i = 0; i < words.Length; i += 2)
            {
                a = Mix.Step(a, words[i]);
                b = Mix.Step(b, words[i + 1]);
            }

            words[0] = Mix.Finish(a + b);
            words[1] = Mix.Finish(a ^ (b * 3));
            words[2] = words[0] ^ a;
            words[3] = words[1] ^ b;
            return new Digest(MemoryMarshal.AsBytes(words[..4]));
        }
    }

    private static bool IsRequestLeaf(ReadOnlySpan<byte> data) =>
        data.Length > 28 && data[4..17].SequenceEqual("broker/leaf/1"u8) && data[21..28].SequenceEqual("request"u8);

    internal override bool IsPoint(ReadOnlySpan<byte> point) => true;

    internal override bool Verify(PublicKey key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Span<byte> expected = stackalloc byte[PublicKey.SignatureLength];
        Sign(key.Bytes.Span, message, expected);
        return expected.SequenceEqual(signature);
    }
}
