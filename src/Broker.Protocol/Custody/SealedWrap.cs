using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>
/// A wrap as it is kept in an HSM or by the customer, never beside the rows: the customer's secret of one epoch, sealed by HPKE to
/// one key. Every field but the last is the <c>info</c> of the seal; the signature of the identity key is inside.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Way">The name of the way of custody, one of its own for each way of the customer.</param>
/// <param name="Split">The id of this making of the way.</param>
/// <param name="Identity">The customer's identity key. That it is the pinned one is the reader's to compare.</param>
/// <param name="Key">The key to which the wrap is sealed.</param>
/// <param name="Sealed">Encapsulated key ‖ ciphertext ‖ tag.</param>
public sealed record SealedWrap(
    Name Cluster,
    Name Customer,
    uint Epoch,
    Name Way,
    Id16 Split,
    PublicKey Identity,
    PublicKey Key,
    ReadOnlyMemory<byte> Sealed) : IStatement<SealedWrap>
{
    /// <summary>Most bytes of what is sealed: records hold names of at most 63 characters and little else.</summary>
    public const int MaxSealed = 1024;

    private const string Label = "broker/sealed-wrap/1";

    /// <summary>The HPKE <c>info</c> of a wrap: what it is bound to.</summary>
    public static byte[] Info(Name cluster, Name customer, uint epoch, Name way, Id16 split, PublicKey identity, PublicKey key) =>
        new EncWriter("broker/wrap-info/1")
            .Name(cluster).Name(customer).U32(epoch).Name(way).Id(split).Key(identity).Key(key).ToArray();

    /// <summary>The HPKE <c>info</c> of this wrap.</summary>
    public byte[] Info() => Info(Cluster, Customer, Epoch, Way, Split, Identity, Key);

    /// <summary>
    /// The label of the data object that holds a wrap in an HSM: one for each making, so that the next one is there before this one
    /// goes.
    /// </summary>
    public static string ObjectLabel(Name cluster, Name customer, uint epoch, Name way, Id16 split) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"broker/wrap/1/{cluster}/{customer}/{way}/{epoch}/{split}");

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Name(Way).Id(Split).Key(Identity).Key(Key).Bytes(Sealed.Span).ToArray();

    /// <inheritdoc/>
    public static SealedWrap Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var wrap = new SealedWrap(r.Name(), r.Name(), r.U32(), r.Name(), r.Id(), r.Key(), r.Key(), r.Bytes(MaxSealed).ToArray());
        r.End();
        return wrap;
    }
}
