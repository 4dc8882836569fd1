using System.Data.Common;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Relational;

/// <summary>A row that was read: what the zone does not write in that form did not come from it.</summary>
internal sealed class SqlRow
{
    // The year 9999.
    private const long MaxTime = 253_370_764_800_000;

    private readonly object?[] _values;

    private SqlRow(object?[] values) => _values = values;

    /// <summary>Reads what stands under the cursor.</summary>
    public static SqlRow Of(DbDataReader reader)
    {
        var values = new object?[reader.FieldCount];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
        }

        return new SqlRow(values);
    }

    /// <summary>A number.</summary>
    public long Int64(int column) => _values[column] switch
    {
        long number => number,
        int number => number,
        _ => throw Altered("number"),
    };

    /// <summary>A number that is not negative.</summary>
    public ulong UInt64(int column) => Int64(column) is var value and >= 0 ? (ulong)value : throw Altered("number");

    /// <summary>A number that is not negative and below 2³².</summary>
    public uint UInt32(int column) => Int64(column) is var value and >= 0 and <= uint.MaxValue ? (uint)value : throw Altered("number");

    /// <summary>A truth that is stored as a number.</summary>
    public bool Truth(int column) => Int64(column) != 0;

    /// <summary>A text.</summary>
    public string Text(int column) => _values[column] as string ?? throw Altered("text");

    /// <summary>A name.</summary>
    public Name Name(int column) =>
        Protocol.Identifiers.Name.TryParse(Text(column), out var name) ? name : throw Altered("identifier");

    /// <summary>Bytes; none where the column is null.</summary>
    public byte[] Bytes(int column) => _values[column] switch
    {
        byte[] bytes => bytes,
        null => [],
        _ => throw Altered("statement"),
    };

    /// <summary>A digest.</summary>
    public Digest Digest(int column) => Bytes(column) is { Length: Protocol.Identifiers.Digest.Length } bytes
        ? new Digest(bytes)
        : throw Altered("digest");

    /// <summary>A 16-byte identifier.</summary>
    public Id16 Id(int column) => Bytes(column) is { Length: Id16.Length } bytes ? new Id16(bytes) : throw Altered("identifier");

    /// <summary>A time.</summary>
    public DateTimeOffset Time(int column) => Int64(column) is var value and >= 0 and < MaxTime
        ? DateTimeOffset.FromUnixTimeMilliseconds(value)
        : throw Altered("time");

    private static AlteredException Altered(string what) => new(RefusalCode.RecordAltered, $"a stored {what} is not one");
}
