namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>The key schedule of AES-256, FIPS 197 section 5.2.</summary>
internal static class AesSchedule
{
    private const int Words = 60;

    private static readonly byte[] Substitution = MakeSubstitution();

    /// <summary>The 240 bytes of the schedule: the key, then what follows from it.</summary>
    public static byte[] Of(ReadOnlySpan<byte> key)
    {
        var schedule = new byte[4 * Words];
        key.CopyTo(schedule);
        byte round = 1;
        Span<byte> word = stackalloc byte[4];
        for (var i = 8; i < Words; i++)
        {
            schedule.AsSpan(4 * (i - 1), 4).CopyTo(word);
            if (i % 8 == 0)
            {
                (word[0], word[1], word[2], word[3]) = (word[1], word[2], word[3], word[0]);
                Substitute(word);
                word[0] ^= round;
                round = Double(round);
            }
            else if (i % 8 == 4)
            {
                Substitute(word);
            }

            for (var j = 0; j < 4; j++)
                schedule[(4 * i) + j] = (byte)(schedule[(4 * (i - 8)) + j] ^ word[j]);
        }

        return schedule;
    }

    private static void Substitute(Span<byte> word)
    {
        foreach (ref var value in word)
            value = Substitution[value];
    }

    private static byte Double(byte value) => (byte)((value << 1) ^ (value >= 0x80 ? 0x11b : 0));

    // FIPS 197 section 5.1.1: the inverse in GF(2^8), then an affine map. 3 generates the field.
    private static byte[] MakeSubstitution()
    {
        var box = new byte[256];
        byte power = 1, inverse = 1;
        do
        {
            power = (byte)(power ^ Double(power));
            inverse = Third(inverse);
            box[power] = (byte)(0x63 ^ inverse ^ byte.RotateLeft(inverse, 1) ^ byte.RotateLeft(inverse, 2) ^
                byte.RotateLeft(inverse, 3) ^ byte.RotateLeft(inverse, 4));
        }
        while (power != 1);
        box[0] = 0x63;
        return box;
    }

    // Divides by 3.
    private static byte Third(byte value)
    {
        var q = value;
        q ^= (byte)((q << 1) & 0xff);
        q ^= (byte)((q << 2) & 0xff);
        q ^= (byte)((q << 4) & 0xff);
        return q >= 0x80 ? (byte)(q ^ 0x09) : q;
    }
}
