using Broker.Protocol.Encoding;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Encoding;

/// <summary>Every statement type has exactly one encoding for a value, and nothing else is read.</summary>
public class StatementSpecs
{
    private const int Generated = 100;

    public static TheoryData<string> Types => StatementType.Names;

    [Fact]
    public void Every_statement_type_should_have_a_sample() =>
        Assert.Equal(StatementType.Found.Select(t => t.Name), Samples.Types.Select(t => t.Name).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Types))]
    public void Statement_should_read_back_with_every_property(string name)
    {
        var type = StatementType.Named(name);
        for (ulong seed = 0; seed < Generated; seed++)
        {
            var sample = type.Sample(seed);
            var encoding = type.Encode(sample);
            var read = type.Read(encoding);
            Assert.Equal(Describe.Value(sample), Describe.Value(read));
            Assert.Equal(encoding, type.Encode(read));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Truncated_statement_should_be_refused_at_every_byte(string name)
    {
        var type = StatementType.Named(name);
        for (ulong seed = 0; seed < 3; seed++)
        {
            var encoding = type.Encode(type.Sample(seed));
            for (var length = 0; length < encoding.Length; length++)
            {
                var cut = encoding[..length];
                Assert.Throws<MalformedException>(() => type.Decode(cut));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Statement_should_refuse_every_appended_byte(string name)
    {
        var type = StatementType.Named(name);
        var encoding = type.Encode(type.Sample(1));
        for (var appended = 0; appended < 256; appended++)
        {
            byte[] longer = [.. encoding, (byte)appended];
            Assert.Throws<MalformedException>(() => type.Decode(longer));
        }

        byte[] withField = [.. encoding, 0, 0, 0, 0];
        Assert.Throws<MalformedException>(() => type.Decode(withField));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Flipped_bit_should_be_refused_or_read_as_exactly_those_bytes(string name)
    {
        var type = StatementType.Named(name);
        var encoding = type.Encode(type.Sample(2));
        for (var bit = 0; bit < encoding.Length * 8; bit++)
        {
            encoding[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefusedOrCanonical(type, encoding);
            encoding[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Mutated_statement_should_be_refused_or_read_as_exactly_those_bytes(string name)
    {
        var type = StatementType.Named(name);
        var random = new Seeded((ulong)name.Length);
        for (var round = 0; round < 1500; round++)
        {
            var encoding = Mutation.Of(type.Encode(type.Sample(random.Next())), random);
            AssertRefusedOrCanonical(type, encoding);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Statement_should_not_read_as_another_type(string name)
    {
        var encoding = StatementType.Named(name).Encode(StatementType.Named(name).Sample(3));
        foreach (var other in StatementType.Found.Where(t => t.Name != name))
        {
            Assert.Throws<MalformedException>(() => StatementType.Named(other.Name).Decode(encoding));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Length_field_should_not_decide_what_is_allocated(string name)
    {
        var type = StatementType.Named(name);
        var encoding = type.Encode(type.Sample(4));
        _ = type.Decode(encoding);
        foreach (var claimed in (uint[])[uint.MaxValue, int.MaxValue, 0x10000000, 0x01000000, 4096])
        {
            for (var offset = 0; offset + 4 <= encoding.Length; offset++)
            {
                var hostile = encoding.ToArray();
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(hostile.AsSpan(offset), claimed);
                var before = GC.GetAllocatedBytesForCurrentThread();
                AssertRefusedOrCanonical(type, hostile);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 * 1024);
            }
        }
    }

    // Anything but MalformedException leaves this method and fails the test.
    private static void AssertRefusedOrCanonical(StatementType type, byte[] encoding)
    {
        object statement;
        try
        {
            statement = type.Decode(encoding);
        }
        catch (MalformedException)
        {
            return;
        }

        Assert.Equal(encoding, type.Encode(statement));
    }
}
