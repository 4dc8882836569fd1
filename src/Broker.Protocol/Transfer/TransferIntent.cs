using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>
/// What the ledger records before a customer's secret leaves a holder (I6); signed by the identity key of the current epoch.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epochs">Epochs whose secrets go over, ascending: the current one last, before it its predecessor during a rotation.</param>
/// <param name="Request">SHA-256 of the <see cref="TransferRequest"/>.</param>
/// <param name="AdmissionKind">A constant of <see cref="Transfer.AdmissionKind"/>.</param>
/// <param name="HolderNode">The node that gives.</param>
/// <param name="Holder">Fingerprint of its incarnation.</param>
/// <param name="Node">The node that gets.</param>
/// <param name="Incarnation">Fingerprint of its incarnation.</param>
/// <param name="Fence">The holder's fence.</param>
/// <param name="LockGeneration">The customer's lock generation.</param>
public sealed record TransferIntent(
    Name Cluster,
    Name Customer,
    IReadOnlyList<uint> Epochs,
    Digest Request,
    string AdmissionKind,
    Name HolderNode,
    Digest Holder,
    Name Node,
    Digest Incarnation,
    ulong Fence,
    ulong LockGeneration) : IStatement<TransferIntent>
{
    /// <summary>Most epochs of one transfer.</summary>
    public const int MaxEpochs = 2;

    private const string Label = "broker/transfer-intent/1";

    /// <summary>The HPKE <c>info</c> of what is sealed under an intent: it opens in no other transfer.</summary>
    /// <param name="intent">SHA-256 of the intent's encoding.</param>
    /// <param name="admission">SHA-256 of the admission.</param>
    public byte[] Info(Digest intent, Digest admission) => new EncWriter("broker/transfer/1")
        .Name(Cluster).Name(Customer).U32(Epochs[^1]).Digest(Holder).Digest(Incarnation).Digest(admission).Digest(intent).ToArray();

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).List(Epochs, static (w, e) => w.U32(e)).Digest(Request).Text(AdmissionKind).Name(HolderNode)
        .Digest(Holder).Name(Node).Digest(Incarnation).U64(Fence).U64(LockGeneration).ToArray();

    /// <inheritdoc/>
    public static TransferIntent Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var intent = new TransferIntent(
            r.Name(), r.Name(), r.List(static (ref e) => e.U32(), MaxEpochs), r.Digest(), r.Text(), r.Name(), r.Digest(), r.Name(),
            r.Digest(), r.U64(), r.U64());
        r.End();
        return intent.Epochs.Count > 0 ? intent : throw new MalformedException("a transfer is of at least one epoch");
    }
}
