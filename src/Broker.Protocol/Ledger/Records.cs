using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of an intent block: the intent and the whole request that it answers.</summary>
/// <param name="Intent">The encoding of an <see cref="Ledger.Intent"/>.</param>
/// <param name="Request">The encoding of a <see cref="Requests.SignedRequest"/>.</param>
public sealed record IntentRecord(ReadOnlyMemory<byte> Intent, ReadOnlyMemory<byte> Request) : IStatement<IntentRecord>
{
    private const string Label = "broker/intent-record/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Bytes(Intent.Span).Bytes(Request.Span).ToArray();

    /// <inheritdoc/>
    public static IntentRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new IntentRecord(r.Bytes().ToArray(), r.Bytes().ToArray());
        r.End();
        return record;
    }
}

/// <summary>Body of a change block: why the rows or the directory changed, and the head that followed.</summary>
/// <param name="Causes">The encodings of the signed requests, or of the signed plan, that caused it.</param>
/// <param name="Head">The head's statement and signature.</param>
public sealed record ChangeRecord(IReadOnlyList<ReadOnlyMemory<byte>> Causes, Signed Head) : IStatement<ChangeRecord>
{
    private const string Label = "broker/change/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label).List(Causes, static (w, cause) => w.Bytes(cause.Span));
        Signed.Write(writer, Head);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static ChangeRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new ChangeRecord(
            r.List<ReadOnlyMemory<byte>>(static (ref cause) => cause.Bytes().ToArray(), 256), Signed.ReadFrom(ref r));
        r.End();
        return record;
    }
}

/// <summary>Body of a block whose subject is one signed statement: an outcome or a claim.</summary>
/// <param name="Statement">The statement and its signature by the identity key.</param>
public sealed record SignedRecord(Signed Statement) : IStatement<SignedRecord>
{
    private const string Label = "broker/signed-record/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label);
        Signed.Write(writer, Statement);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static SignedRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new SignedRecord(Signed.ReadFrom(ref r));
        r.End();
        return record;
    }
}

/// <summary>Body of a refusal block: an authenticated caller was refused. Refusals have a budget per principal and minute.</summary>
/// <param name="Node">The DMZ node that refused.</param>
/// <param name="Principal">Who was refused, for instance <c>user/alice</c> or <c>agent/web-1</c>.</param>
/// <param name="Action">What was tried.</param>
/// <param name="Code">Why not: a stable code.</param>
/// <param name="More">Refusals of the same principal in the past minute that were only counted.</param>
public sealed record Refusal(Name Node, string Principal, string Action, string Code, uint More) : IStatement<Refusal>
{
    private const string Label = "broker/refusal/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Node).Text(Principal).Text(Action).Text(Code).U32(More).ToArray();

    /// <inheritdoc/>
    public static Refusal Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var refusal = new Refusal(r.Name(), r.Text(), r.Text(), r.Text(), r.U32());
        r.End();
        return refusal;
    }
}

/// <summary>Body of a ledger-key block: the certificate whose key signs the batches from here on.</summary>
/// <param name="Certificate">DER of a certificate with role <c>ledger</c>, issued by the root.</param>
public sealed record LedgerKeyRecord(ReadOnlyMemory<byte> Certificate) : IStatement<LedgerKeyRecord>
{
    private const string Label = "broker/ledger-key/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Bytes(Certificate.Span).ToArray();

    /// <inheritdoc/>
    public static LedgerKeyRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new LedgerKeyRecord(r.Bytes(8192).ToArray());
        r.End();
        return record;
    }
}

/// <summary>Body of a chain-head block in the cluster chain.</summary>
/// <param name="Customer">The chain.</param>
/// <param name="Position">Position of its last block.</param>
/// <param name="Hash">Hash of that block.</param>
public sealed record ChainHead(Name Customer, ulong Position, Digest Hash) : IStatement<ChainHead>
{
    private const string Label = "broker/chain-head/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Customer).U64(Position).Digest(Hash).ToArray();

    /// <inheritdoc/>
    public static ChainHead Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var head = new ChainHead(r.Name(), r.U64(), r.Digest());
        r.End();
        return head;
    }
}
