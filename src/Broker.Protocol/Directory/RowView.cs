using System.Globalization;
using System.Text;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Directory;

/// <summary>
/// A <see cref="StoredRow"/> with its <see cref="RowHeader"/>, read where it lies. It takes just what the two take: each field of either
/// has one encoding by itself, so that to read all of them strictly is as good as to encode them again and compare.
/// </summary>
/// <remarks>A rotation reads each row several times, and nothing of it outlives the look.</remarks>
public readonly ref struct RowView
{
    private readonly ReadOnlySpan<byte> _cluster;
    private readonly ReadOnlySpan<byte> _customer;
    private readonly ReadOnlySpan<byte> _credential;
    private readonly ReadOnlySpan<byte> _kind;

    private RowView(ReadOnlySpan<byte> encoding)
    {
        var row = new EncReader(encoding, StoredRow.Label);
        Header = row.Bytes(StoredRow.MaxHeader);
        Salt = row.Exactly(StoredRow.SaltLength);
        Commitment = row.Exactly(StoredRow.SaltLength);
        Ciphertext = row.Bytes(CredentialKinds.MaxLength + 16);
        row.End();
        var header = new EncReader(Header, RowHeader.Label);
        _cluster = Name(ref header);
        _customer = Name(ref header);
        _credential = Name(ref header);
        Version = header.U32();
        _kind = header.Bytes(EncReader.MaxText);
        CredentialKinds.Check(_kind);
        Epoch = header.U32();
        Length = header.U32();
        header.End();
    }

    /// <summary>The encoding of the header: the associated data.</summary>
    public ReadOnlySpan<byte> Header { get; }

    /// <summary>The salt of the row key, 32 bytes.</summary>
    public ReadOnlySpan<byte> Salt { get; }

    /// <summary>The commitment to the row key, 32 bytes.</summary>
    public ReadOnlySpan<byte> Commitment { get; }

    /// <summary>Ciphertext ‖ 16-byte tag.</summary>
    public ReadOnlySpan<byte> Ciphertext { get; }

    /// <summary>The version, from 1.</summary>
    public uint Version { get; }

    /// <summary>The customer's epoch whose secret encrypts the row.</summary>
    public uint Epoch { get; }

    /// <summary>Bytes of the plaintext, as the header says.</summary>
    public uint Length { get; }

    /// <summary>Reads an encoding.</summary>
    /// <exception cref="MalformedException">It is not the encoding of a row, or its header is none.</exception>
    public static RowView Read(ReadOnlySpan<byte> encoding) => new(encoding);

    /// <summary>Whether the row is of this customer of this installation.</summary>
    public bool IsOf(Name cluster, Name customer) => Ascii.Equals(_cluster, cluster.Value) && Ascii.Equals(_customer, customer.Value);

    /// <summary>Whether this is the key of the row: <see cref="EntryKey.Row"/> of what the header says.</summary>
    public bool StandsAt(EntryKey key)
    {
        Span<char> version = stackalloc char[10];
        return key.Type == EntryKey.RowType && key.Id.Length > _credential.Length && key.Id[_credential.Length] == '/' &&
            Ascii.Equals(_credential, key.Id.AsSpan(0, _credential.Length)) &&
            Version.TryFormat(version, out var digits, provider: CultureInfo.InvariantCulture) &&
            key.Id.AsSpan(_credential.Length + 1).SequenceEqual(version[..digits]);
    }

    /// <summary>Whether the other is the same credential, version, kind and length of the same customer, under whatever epoch.</summary>
    public bool IsSameButForEpoch(RowView other) =>
        _cluster.SequenceEqual(other._cluster) && _customer.SequenceEqual(other._customer) &&
        _credential.SequenceEqual(other._credential) && Version == other.Version && _kind.SequenceEqual(other._kind) &&
        Length == other.Length;

    /// <summary>The encoding of this header under another epoch.</summary>
    public byte[] HeaderUnder(uint epoch) => new EncWriter(RowHeader.Label)
        .Bytes(_cluster).Bytes(_customer).Bytes(_credential).U32(Version).Bytes(_kind).U32(epoch).U32(Length).ToArray();

    /// <summary>The encoding of a <see cref="StoredRow"/> of these parts.</summary>
    public static byte[] Encode(
        ReadOnlySpan<byte> header, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> commitment, ReadOnlySpan<byte> ciphertext) =>
        new EncWriter(StoredRow.Label).Bytes(header).Bytes(salt).Bytes(commitment).Bytes(ciphertext).ToArray();

    private static ReadOnlySpan<byte> Name(scoped ref EncReader reader)
    {
        var name = reader.Bytes(Identifiers.Name.MaxLength);
        Identifiers.Name.Check(name);
        return name;
    }
}
