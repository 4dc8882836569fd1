using System.Buffers.Binary;

namespace Broker.Protocol.Tests.Support;

/// <summary>Damages an encoding in the ways that find mistakes in length-prefixed readers.</summary>
internal static class Mutation
{
    private static readonly uint[] Lengths = [0, 1, 3, 4, 5, 16, 31, 33, 64, 66, 4096, 4097, int.MaxValue, 0x80000000, uint.MaxValue];

    public static byte[] Of(byte[] encoding, Seeded random)
    {
        var result = encoding;
        for (var n = 1 + random.Below(3); n > 0; n--)
        {
            result = Once(result, random);
        }

        return result;
    }

    private static byte[] Once(byte[] bytes, Seeded random)
    {
        if (bytes.Length < 5)
        {
            return random.Bytes(random.Below(64));
        }

        var from = random.Below(bytes.Length);
        var to = from + random.Below(bytes.Length - from);
        switch (random.Below(7))
        {
            case 0:
                return [.. bytes[..from], (byte)random.Below(256), .. bytes[(from + 1)..]];
            case 1:
                return [.. bytes[..from], .. bytes[to..]];
            case 2:
                return [.. bytes[..to], .. bytes[from..]];
            case 3:
                return [.. bytes[..from], .. random.Bytes(random.Below(9)), .. bytes[from..]];
            case 4:
                return [.. bytes[..from], .. random.Bytes(bytes.Length - from)];
            case 5:
                var copy = bytes.ToArray();
                BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(random.Below(bytes.Length - 3)), random.Of(Lengths));
                return copy;
            default:
                return Nudge(bytes, random);
        }
    }

    // Moves a byte over a field's border, with the length field that belongs to it.
    private static byte[] Nudge(byte[] bytes, Seeded random)
    {
        var starts = new List<int>();
        for (var at = 0; at + 4 <= bytes.Length;)
        {
            starts.Add(at);
            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
            at = length <= (uint)(bytes.Length - at - 4) ? at + 4 + (int)length : bytes.Length;
        }

        var start = random.Of(starts);
        var claimed = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(start));
        var copy = bytes.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(start), unchecked(claimed + (random.Below(2) == 0 ? 1u : uint.MaxValue)));
        return random.Below(2) == 0 ? [.. copy[..(start + 4)], (byte)random.Below(256), .. copy[(start + 4)..]] : copy;
    }
}
