using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Broker.Secrets;

/// <summary>What an object shall be, or is to be found by: attributes with public values, in the machine's byte order.</summary>
internal sealed unsafe class Template
{
    private readonly List<(ulong Type, int At, int Length)> _attributes = [];
    private readonly ArrayBufferWriter<byte> _values = new();

    /// <summary>Uses the attributes; the pointer is good for the time of the call.</summary>
    internal delegate ulong Use(Ck.Attribute* attributes, ulong count);

    internal Template Flag(ulong type, bool value) => Bytes(type, [value ? (byte)1 : (byte)0]);

    internal Template Number(ulong type, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Bytes(type, bytes);
    }

    internal Template Text(ulong type, string value) => Bytes(type, Encoding.UTF8.GetBytes(value));

    internal Template Bytes(ulong type, ReadOnlySpan<byte> value)
    {
        _attributes.Add((type, _values.WrittenCount, value.Length));
        _values.Write(value);
        return this;
    }

    internal ulong With(Use use)
    {
        var attributes = new Ck.Attribute[_attributes.Count];
        fixed (byte* values = _values.WrittenSpan)
        fixed (Ck.Attribute* first = attributes)
        {
            for (var i = 0; i < attributes.Length; i++)
            {
                var (type, at, length) = _attributes[i];
                first[i] = new Ck.Attribute { Type = type, Value = values + at, Length = (ulong)length };
            }

            return use(first, (ulong)attributes.Length);
        }
    }
}
