using Google.Protobuf.Reflection;

namespace Broker.Protocol.Wire;

/// <summary>
/// Whether bytes have the form of a message: each length lies within what encloses it, down to the innermost message. Looked at before the
/// runtime reads them, whose own bound overflows on a nested length near 2³¹: it would take memory that the bytes do not pay for.
/// </summary>
internal static class WireForm
{
    private const int MaxTagBytes = 5;
    private const int MaxNumberBytes = 10;

    /// <summary>Looks at all of a message. Groups, which no message of ours has, are none of the form.</summary>
    public static bool IsWhole(MessageDescriptor type, ReadOnlySpan<byte> message)
    {
        while (!message.IsEmpty)
        {
            if (!TryNumber(ref message, MaxTagBytes, out var tag) || tag > uint.MaxValue || tag >> 3 == 0)
                return false;
            var whole = (tag & 7) switch
            {
                0 => TryNumber(ref message, MaxNumberBytes, out _),
                1 => TrySkip(ref message, 8, out _),
                5 => TrySkip(ref message, 4, out _),
                2 => TryNumber(ref message, MaxNumberBytes, out var length) && TrySkip(ref message, length, out var content)
                    && IsWholeField(type.FindFieldByNumber((int)(tag >> 3)), content),
                _ => false,
            };
            if (!whole)
                return false;
        }

        return true;
    }

    // The messages of a link contain no message of their own type, so that the depth is theirs and not the sender's.
    private static bool IsWholeField(FieldDescriptor? field, ReadOnlySpan<byte> content) =>
        field is not { FieldType: FieldType.Message } || IsWhole(field.MessageType, content);

    private static bool TrySkip(ref ReadOnlySpan<byte> message, ulong length, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (length > (ulong)message.Length)
            return false;
        content = message[..(int)length];
        message = message[(int)length..];
        return true;
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> message, int most, out ulong number)
    {
        number = 0;
        for (var i = 0; i < message.Length && i < most; i++)
        {
            number |= unchecked((ulong)(message[i] & 0x7F) << (7 * i));
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
