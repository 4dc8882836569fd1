using System.Buffers.Binary;

namespace Broker.Secrets;

/// <summary>LabeledExtract and LabeledExpand of RFC 9180 section 4.</summary>
internal static class LabeledHkdf
{
    /// <summary>"KEM" ‖ DHKEM(P-256, HKDF-SHA256).</summary>
    internal static ReadOnlySpan<byte> KemSuite => "KEM\0\u0010"u8;

    /// <summary>"HPKE" ‖ that KEM ‖ HKDF-SHA256 ‖ AES-256-GCM.</summary>
    internal static ReadOnlySpan<byte> HpkeSuite => "HPKE\0\u0010\0\u0001\0\u0002"u8;

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    internal static void Extract(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> keyMaterial, Span<byte> output)
    {
        using var input = SecretBuffer.Allocate(Version.Length + suite.Length + label.Length + keyMaterial.Length);
        keyMaterial.CopyTo(Prefix(input.Span, suite, label));
        Hkdf.Extract(salt, input.Span, output);
    }

    internal static void Expand(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> output)
    {
        using var labeled = SecretBuffer.Allocate(sizeof(ushort) + Version.Length + suite.Length + label.Length + info.Length);
        BinaryPrimitives.WriteUInt16BigEndian(labeled.Span, checked((ushort)output.Length));
        info.CopyTo(Prefix(labeled.Span[sizeof(ushort)..], suite, label));
        Hkdf.Expand(prk, labeled.Span, output);
    }

    private static Span<byte> Prefix(Span<byte> destination, ReadOnlySpan<byte> suite, ReadOnlySpan<byte> label)
    {
        Version.CopyTo(destination);
        destination = destination[Version.Length..];
        suite.CopyTo(destination);
        destination = destination[suite.Length..];
        label.CopyTo(destination);
        return destination[label.Length..];
    }
}
