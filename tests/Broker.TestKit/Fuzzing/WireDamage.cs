namespace Broker.TestKit;

/// <summary>
/// Damages a protobuf message by its fields: dropped, doubled, swapped, of another number or wire type, with lengths that lie, text that is
/// no UTF-8, groups, deep nesting; and what lies inside a field. Knows the wire format only, so that it fits every message.
/// </summary>
public static class WireDamage
{
    private const int Varint = 0;
    private const int Delimited = 2;
    private const int StartGroup = 3;

    private static readonly ulong[] Numbers =
        [0, 1, 2, 255, 1001, int.MaxValue, 0x80000000, uint.MaxValue, (ulong)uint.MaxValue + 1, long.MaxValue, 0x8000000000000000,
            ulong.MaxValue];

    /// <summary>One to three damages.</summary>
    /// <param name="message">A message's encoding.</param>
    /// <param name="random">Chooses.</param>
    public static byte[] Of(byte[] message, SeededRandom random)
    {
        if (random.Below(10) == 0)
            return Damage.Of(message, random);
        for (var left = 1 + random.Below(3); left > 0; left--)
            message = Once(message, random, depth: 0);
        return message;
    }

    private static byte[] Once(byte[] message, SeededRandom random, int depth)
    {
        var fields = Split(message);
        if (fields.Count == 0)
            return Field(1 + random.Below(8), random);
        var at = random.Below(fields.Count);
        switch (random.Below(9))
        {
            case 0:
                fields.RemoveAt(at);
                break;
            case 1:
                fields.Insert(random.Below(fields.Count + 1), fields[at]);
                break;
            case 2:
                fields.Insert(random.Below(fields.Count + 1), Field(1 + random.Below(12), random));
                break;
            case 3:
                fields[at] = Field((int)((Key(fields[at]) >> 3) & 0xFFFF), random);
                break;
            case 4:
                // A length that says more, or less, than there is.
                fields[at] = [.. Encode((1 + (ulong)random.Below(10)) << 3 | Delimited), .. Encode(Numbers[random.Below(Numbers.Length)]),
                    .. fields[at]];
                break;
            case 5:
                fields[at] = Nested((int)((Key(fields[at]) >> 3) & 0xFFFF), 1 + random.Below(300));
                break;
            case 6:
                fields[at] = Group(random);
                break;
            case 7:
                fields[at] = Damage.Of(fields[at], random);
                break;
            default:
                fields[at] = Inside(fields[at], random, depth);
                break;
        }

        return [.. fields.SelectMany(static f => f)];
    }

    // The content of a field: another message, an identifier, or the canonical encoding of a statement.
    private static byte[] Inside(byte[] field, SeededRandom random, int depth)
    {
        var at = 0;
        if (!TryRead(field, ref at, out var key) || (key & 7) != Delimited || !TryRead(field, ref at, out var length)
            || (ulong)(field.Length - at) != length)
            return field;
        var content = field[at..];
        content = depth < 4 && random.Below(2) == 0 && Split(content) is { Count: > 1 } ? Once(content, random, depth + 1)
            : Damage.Of(content, random);
        return [.. Encode(key), .. Encode((ulong)content.Length), .. content];
    }

    private static byte[] Field(int number, SeededRandom random)
    {
        var key = (ulong)Math.Max(number, 1) << 3;
        return random.Below(6) switch
        {
            0 => [.. Encode(key | Varint), .. Encode(Numbers[random.Below(Numbers.Length)])],
            1 => [.. Encode(key | 1), .. Damage.Random(random, 8)],
            2 => [.. Encode(key | 5), .. Damage.Random(random, 4)],
            3 => Text(key, [0xC3, 0x28, 0xFF]),
            4 => Text(key, [.. Enumerable.Repeat((byte)'a', random.Below(6000))]),
            _ => Text(key, Damage.Random(random, random.Below(70))),
        };
    }

    private static byte[] Text(ulong key, byte[] content) => [.. Encode(key | Delimited), .. Encode((ulong)content.Length), .. content];

    private static byte[] Nested(int number, int depth)
    {
        byte[] inner = [];
        for (var i = 0; i < depth; i++)
            inner = Text((ulong)Math.Max(number, 1) << 3, inner);
        return inner;
    }

    private static byte[] Group(SeededRandom random) =>
        [.. Enumerable.Repeat(Encode((1 + (ulong)random.Below(20)) << 3 | StartGroup), 1 + random.Below(400)).SelectMany(static b => b)];

    private static List<byte[]> Split(byte[] message)
    {
        var fields = new List<byte[]>();
        for (var at = 0; at < message.Length;)
        {
            var start = at;
            var whole = TryRead(message, ref at, out var key) && (key & 7) switch
            {
                Varint => TryRead(message, ref at, out _),
                1 => Skip(message, ref at, 8),
                5 => Skip(message, ref at, 4),
                Delimited => TryRead(message, ref at, out var length) && Skip(message, ref at, length),
                _ => true,
            };
            fields.Add(message[start..(whole ? at : message.Length)]);
            at = whole ? at : message.Length;
        }

        return fields;
    }

    private static ulong Key(byte[] field)
    {
        var at = 0;
        return TryRead(field, ref at, out var key) ? key : 8;
    }

    private static bool Skip(byte[] message, ref int at, ulong count)
    {
        if (count > (ulong)(message.Length - at))
            return false;
        at += (int)count;
        return true;
    }

    private static bool TryRead(byte[] message, ref int at, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && at < message.Length; shift += 7)
        {
            var one = message[at++];
            value |= unchecked((ulong)(one & 0x7F) << shift);
            if (one < 0x80)
                return true;
        }

        return false;
    }

    private static byte[] Encode(ulong value)
    {
        var bytes = new List<byte>(10);
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value & 0x7F | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
