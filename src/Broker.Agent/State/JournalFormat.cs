using System.Buffers.Binary;
using System.Text;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.State;

/// <summary>
/// A record of the journal: 112 bytes, fixed, so that a cut one at the end is known by its length.
/// <c>hand-off[16] attempt[4] request[32] record[1] told[1] code length[1] code[40] not-after[8] zeros[9]</c>
/// </summary>
internal static class JournalFormat
{
    internal const int Length = 112;
    internal const int MaxCode = 40;

    internal static void Write(JournalEntry entry, Span<byte> record)
    {
        record.Clear();
        entry.HandOff.CopyTo(record);
        BinaryPrimitives.WriteUInt32BigEndian(record[16..], entry.Attempt);
        entry.Request.CopyTo(record[20..]);
        record[52] = (byte)entry.Record;
        record[53] = entry.Told ? (byte)1 : (byte)0;
        var code = entry.Code.Length <= MaxCode ? entry.Code : entry.Code[..MaxCode];
        record[54] = (byte)Encoding.ASCII.GetBytes(code, record[55..95]);
        BinaryPrimitives.WriteInt64BigEndian(record[95..], entry.NotAfter.ToUnixTimeMilliseconds());
    }

    /// <summary>Reads a record; null where it is none.</summary>
    internal static JournalEntry? Read(ReadOnlySpan<byte> record)
    {
        var (kind, length) = ((HandOffRecord)record[52], record[54]);
        var notAfter = BinaryPrimitives.ReadInt64BigEndian(record[95..]);
        if (!Enum.IsDefined(kind) || length > MaxCode || notAfter is < 0 or > 253_402_300_799_999)
            return null;

        return new JournalEntry(
            new Id16(record[..16]), BinaryPrimitives.ReadUInt32BigEndian(record[16..]), new Digest(record[20..52]), kind,
            Encoding.ASCII.GetString(record.Slice(55, length)), DateTimeOffset.FromUnixTimeMilliseconds(notAfter), record[53] != 0);
    }
}
