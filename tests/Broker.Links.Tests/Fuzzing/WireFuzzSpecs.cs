using System.Buffers;
using System.Reflection;
using Broker.Protocol.Encoding;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Zone;
using Broker.TestKit;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using AgentFrame = Broker.Protocol.Wire.Agent.Frame;

namespace Broker.Links.Tests.Fuzzing;

/// <summary>
/// Every message of both links, filled and then damaged: read, or refused as malformed, within memory that its bytes pay for.
/// </summary>
public sealed class WireFuzzSpecs
{
    private static readonly MethodInfo AttemptOfType = typeof(WireFuzzSpecs)
        .GetMethod(nameof(Attempt), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static TheoryData<string> Messages => [.. All.Select(static m => m.FullName)];

    private static IEnumerable<MessageDescriptor> All =>
        DescribeRequest.Descriptor.File.MessageTypes.Concat(AgentFrame.Descriptor.File.MessageTypes);

    [Theory]
    [MemberData(nameof(Messages))]
    public void Damaged_message_should_be_read_or_refused(string name)
    {
        var type = All.Single(m => m.FullName == name);
        var attempt = AttemptOfType.MakeGenericMethod(type.ClrType).CreateDelegate<Func<byte[], bool>>();
        Assert.True(attempt(Filled(type, new SeededRandom(0), 0).ToByteArray()));
        var refused = 0;
        Fuzz.Each(1000, random => refused += attempt(WireDamage.Of(Filled(type, random, 0).ToByteArray(), random)) ? 0 : 1);
        Assert.InRange(refused, 50, 1000);
    }

    [Fact]
    public void Length_that_ends_within_a_tag_should_be_refused()
    {
        // A change of 2 bytes that begins a tag of 3: the runtime reads past the end of its buffer.
        byte[] bytes = [0x32, 0x02, 0xFF, 0xFF];
        Assert.Throws<MalformedException>(() => WireReader.Read(EnrolCustomerRequest.Parser, bytes.AsSpan()));
        Assert.Throws<MalformedException>(() => WireReader.Read(EnrolCustomerRequest.Parser, new ReadOnlySequence<byte>(bytes)));
    }

    [Fact]
    public void Nested_length_near_the_largest_number_should_take_no_memory()
    {
        // A signed head of 2³¹ − 1 bytes, in it a statement of 64 MiB: the runtime's sum overflows, and it believes the statement.
        byte[] bytes = [0x22, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x0A, 0x80, 0x80, 0x80, 0x20, .. new byte[64]];
        Assert.False(IsRead(() => WireReader.Read(EnrolCustomerRequest.Parser, bytes.AsSpan()), bytes));
        Assert.False(IsRead(() => WireReader.Read(EnrolCustomerRequest.Parser, Pieces(bytes)), bytes));
    }

    private static bool Attempt<T>(byte[] bytes)
        where T : IMessage<T>, new()
    {
        var parser = new MessageParser<T>(static () => new T());
        bool[] ways =
            [IsRead(() => WireReader.Read(parser, bytes.AsSpan()), bytes), IsRead(() => WireReader.Read(parser, Pieces(bytes)), bytes)];
        Assert.Equal(ways[0], ways[1]);
        return ways[0];
    }

    private static bool IsRead(Action read, byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read();
            return true;
        }
        catch (MalformedException)
        {
            return false;
        }
        finally
        {
            var used = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(used < (1 << 20) + 100L * bytes.Length, $"{used} bytes of memory for {Convert.ToHexStringLower(bytes)}");
        }
    }

    // A value in every field, so that there is something to damage.
    private static IMessage Filled(MessageDescriptor type, SeededRandom random, int depth)
    {
        var message = (IMessage)Activator.CreateInstance(type.ClrType)!;
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            if (field.IsRepeated)
            {
                var list = (System.Collections.IList)field.Accessor.GetValue(message);
                for (var n = 1 + random.Below(3); n > 0; n--)
                    list.Add(Value(field, random, depth));
            }
            else if (field.RealContainingOneof is null || random.Below(3) == 0)
            {
                field.Accessor.SetValue(message, Value(field, random, depth));
            }
        }

        return message;
    }

    private static object Value(FieldDescriptor field, SeededRandom random, int depth) => field.FieldType switch
    {
        FieldType.String => "name-" + random.Below(1000),
        FieldType.Bytes => ByteString.CopyFrom(Damage.Random(random, random.Below(80))),
        FieldType.UInt64 => random.NextUInt64(),
        FieldType.UInt32 => (uint)random.Below(int.MaxValue),
        FieldType.Bool => random.Below(2) == 0,
        FieldType.Message => Filled(field.MessageType, random, depth + 1),
        var other => throw new NotSupportedException($"{field.FullName} is of {other}: give it a value here"),
    };

    private static ReadOnlySequence<byte> Pieces(byte[] bytes)
    {
        if (bytes.Length < 2)
            return new ReadOnlySequence<byte>(bytes);
        var first = new Piece(bytes.AsMemory(0, bytes.Length / 2), 0);
        var second = new Piece(bytes.AsMemory(bytes.Length / 2), bytes.Length / 2);
        first.Then(second);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long at) => (Memory, RunningIndex) = (memory, at);

        public void Then(Piece next) => Next = next;
    }
}
