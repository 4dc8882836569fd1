using System.Formats.Asn1;

namespace Broker.Secrets;

/// <summary>The library's form of an ECDSA signature (SEQUENCE of two INTEGERs) to ours (two fields of fixed width).</summary>
internal static class DerSignature
{
    /// <summary>Two 33-byte integers with their headers, and the sequence's.</summary>
    internal const int LargestSize = 72;

    internal static void ToFixed(ReadOnlySpan<byte> encoded, Span<byte> signature)
    {
        AsnDecoder.ReadSequence(encoded, AsnEncodingRules.DER, out var offset, out var length, out _);
        var content = encoded.Slice(offset, length);
        var half = signature.Length / 2;
        var r = AsnDecoder.ReadIntegerBytes(content, AsnEncodingRules.DER, out var consumed);
        var s = AsnDecoder.ReadIntegerBytes(content[consumed..], AsnEncodingRules.DER, out _);
        Place(r, signature[..half]);
        Place(s, signature[half..]);
    }

    private static void Place(ReadOnlySpan<byte> integer, Span<byte> field)
    {
        var digits = integer.TrimStart((byte)0);
        field.Clear();
        digits.CopyTo(field[(field.Length - digits.Length)..]);
    }
}
