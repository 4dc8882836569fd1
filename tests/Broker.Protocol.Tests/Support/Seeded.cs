using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Tests.Support;

/// <summary>Values that follow from a seed (SplitMix64): the same on every machine and runtime, as baselines need.</summary>
internal sealed class Seeded(ulong seed)
{
    private static readonly string[] Texts =
        ["", "i-0abc", "a/b:c", "Grüße, 世界 🌍", "a\0b", "\uFEFFmark", new string('x', 200)];

    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    public uint NextU32() => (uint)(Next() >> 32);

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)(Next() & 0xFF);
        }

        return bytes;
    }

    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public T[] Some<T>(int least, int most, Func<T> item)
    {
        var items = new T[least + Below(most - least + 1)];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = item();
        }

        return items;
    }

    public Name NextName()
    {
        const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-";
        var length = Below(8) == 0 ? Name.MaxLength : 1 + Below(12);
        return Name.Parse(string.Concat(Some(length, length, () => Alphabet[Below(Alphabet.Length)])));
    }

    public string NextText() => Of(Texts);

    public Digest NextDigest() => new(Bytes(Digest.Length));

    public Id16 NextId() => new(Bytes(Id16.Length));

    public PublicKey NextKey() => Of(TestKey.All).Public;

    public DateTimeOffset NextTime() => DateTimeOffset.FromUnixTimeMilliseconds(Below(int.MaxValue) * 1000L);

    public CredentialKind NextKind() => Of(CredentialKinds.All).Kind;

    public Role NextRole() => Of(Enum.GetValues<Role>());
}
