using Google.Protobuf;

namespace Broker.Protocol.Tests.Baselines;

/// <summary>
/// Messages as bytes, by a contract alone and without the code that was generated for one: what a program of that version writes and reads.
/// </summary>
/// <param name="contract">What the program knows.</param>
internal sealed class WireBytes(WireContract contract)
{
    private const int MaxDepth = 4;

    /// <summary>A message with every field set. A field has the same value by whichever contract it is written.</summary>
    public byte[] Write(string message) => Write(message, MaxDepth);

    /// <summary>What this program reads of a message, written again: without the fields that it does not know.</summary>
    public byte[] Read(string message, byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            var input = new CodedInputStream(bytes);
            while (input.ReadTag() is var tag and not 0)
            {
                if (!contract.Messages[message].TryGetValue(WireFormat.GetTagFieldNumber(tag), out var field))
                {
                    input.SkipLastField();
                    continue;
                }

                Assert.Equal(TypeOf(field), WireFormat.GetTagWireType(tag));
                output.WriteTag(tag);
                if (TypeOf(field) == WireFormat.WireType.Varint)
                {
                    output.WriteUInt64(input.ReadUInt64());
                }
                else
                {
                    var value = input.ReadBytes();
                    output.WriteBytes(IsMessage(field) ? ByteString.CopyFrom(Read(field.Type, value.ToByteArray())) : value);
                }
            }
        }

        return stream.ToArray();
    }

    private byte[] Write(string message, int depth)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            var oneofs = new HashSet<string>();
            foreach (var field in contract.Messages[message].Values.OrderBy(static f => f.Number))
            {
                // Of a oneof the first: one at a time is all that there is.
                if ((field.Label.StartsWith("oneof", StringComparison.Ordinal) && !oneofs.Add(field.Label)) ||
                    (IsMessage(field) && depth == 0))
                {
                    continue;
                }

                for (var i = 0; i < (field.Label == "repeated" && TypeOf(field) != WireFormat.WireType.Varint ? 2 : 1); i++)
                {
                    output.WriteTag(field.Number, TypeOf(field));
                    Write(output, field, depth);
                }
            }
        }

        return stream.ToArray();
    }

    private void Write(CodedOutputStream output, WireField field, int depth)
    {
        switch (field.Type)
        {
            case "BOOL":
                output.WriteBool(true);
                break;
            case "UINT32" or "UINT64":
                output.WriteUInt64((ulong)(1000 + field.Number));
                break;
            case "STRING" or "BYTES":
                output.WriteString($"{field.Name} {field.Number}");
                break;
            default:
                output.WriteBytes(ByteString.CopyFrom(Write(field.Type, depth - 1)));
                break;
        }
    }

    private bool IsMessage(WireField field) => contract.Messages.ContainsKey(field.Type);

    private WireFormat.WireType TypeOf(WireField field) => field.Type switch
    {
        "BOOL" or "UINT32" or "UINT64" => WireFormat.WireType.Varint,
        "STRING" or "BYTES" => WireFormat.WireType.LengthDelimited,
        _ when IsMessage(field) => WireFormat.WireType.LengthDelimited,
        _ => throw new NotSupportedException($"fields of type {field.Type} are not known to these tests; say how they are written"),
    };
}
