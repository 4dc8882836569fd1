using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Session;

/// <summary>The direction of a session message.</summary>
public static class Direction
{
    /// <summary>Key owner to agent.</summary>
    public const string OwnerToAgent = "o2a";

    /// <summary>Agent to key owner.</summary>
    public const string AgentToOwner = "a2o";
}

/// <summary>Types of session messages.</summary>
public static class MessageType
{
    /// <summary>o2a: the credentials of one launch; body: the plaintexts in the order of the header's list.</summary>
    public const string Envelope = "envelope";

    /// <summary>a2o: the envelope was opened.</summary>
    public const string Acknowledged = "acknowledged";

    /// <summary>a2o: the envelope was not opened; body: a stable code.</summary>
    public const string Refused = "refused";

    /// <summary>o2a: was this hand-off seen? Sent in a later session than the envelope's.</summary>
    public const string Seen = "seen";

    /// <summary>a2o: never seen, and now barred: its envelope will not be opened any more.</summary>
    public const string Barred = "barred";

    /// <summary>a2o: the use ended; body: a state of the use, a code.</summary>
    public const string UseEnded = "use-ended";

    /// <summary>o2a: end the use of this hand-off and wipe what it holds.</summary>
    public const string EndUse = "end-use";

    /// <summary>a2o: the grant is to be renewed.</summary>
    public const string Renew = "renew";

    /// <summary>o2a: the renewed grant with its signature, and a certificate.</summary>
    public const string Renewed = "renewed";
}

/// <summary>One credential of an envelope.</summary>
/// <param name="Credential">The credential.</param>
/// <param name="Version">The version, never 0.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Use">The named use.</param>
/// <param name="Length">Bytes in the body.</param>
public sealed record EnvelopeItem(Name Credential, uint Version, CredentialKind Kind, Name Use, uint Length);

/// <summary>The associated data of a session message; it travels in the clear beside the ciphertext.</summary>
/// <param name="Transcript">th of the session.</param>
/// <param name="Direction">A constant of <see cref="Session.Direction"/>.</param>
/// <param name="Number">n, from 0 in each direction.</param>
/// <param name="Type">A constant of <see cref="MessageType"/>.</param>
/// <param name="Customer">The customer.</param>
/// <param name="HandOff">The hand-off, or zeros where the message is of none.</param>
/// <param name="Request">SHA-256 of the request, or zeros.</param>
/// <param name="Attempt">The attempt, or 0.</param>
/// <param name="Fence">The customer's fence.</param>
/// <param name="HeadCounter">Counter of the head that the sender knows: agents witness it.</param>
/// <param name="Items">The credentials, or none.</param>
/// <param name="NotAfter">The receiver refuses later.</param>
public sealed record MessageHeader(
    Digest Transcript,
    string Direction,
    ulong Number,
    string Type,
    Name Customer,
    Id16 HandOff,
    Digest Request,
    uint Attempt,
    ulong Fence,
    ulong HeadCounter,
    IReadOnlyList<EnvelopeItem> Items,
    DateTimeOffset NotAfter) : IStatement<MessageHeader>
{
    private const string Label = "broker/aad/1";
    private const string ReplacingLabel = "broker/aad/2";

    /// <summary>
    /// For an envelope that takes the place of one that the agent holds: that hand-off, and the header is <c>broker/aad/2</c>. Zeros
    /// for every other message.
    /// </summary>
    public Id16 Replaces { get; init; }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = Write(new EncWriter(Replaces == default ? Label : ReplacingLabel));
        return (Replaces == default ? writer : writer.Id(Replaces)).ToArray();
    }

    private EncWriter Write(EncWriter writer) => writer
        .Digest(Transcript).Text(Direction).U64(Number).Text(Type).Name(Customer).Id(HandOff).Digest(Request).U32(Attempt)
        .U64(Fence).U64(HeadCounter)
        .List(Items, static (w, i) => w.Name(i.Credential).U32(i.Version).Text(i.Kind.ToText()).Name(i.Use).U32(i.Length))
        .Time(NotAfter);

    /// <inheritdoc/>
    public static MessageHeader Decode(ReadOnlySpan<byte> encoding)
    {
        var isReplacing = EncReader.Begins(encoding, ReplacingLabel);
        var r = new EncReader(encoding, isReplacing ? ReplacingLabel : Label);
        var header = new MessageHeader(
            r.Digest(), r.Text(), r.U64(), r.Text(), r.Name(), r.Id(), r.Digest(), r.U32(), r.U64(), r.U64(),
            r.List(
                static (ref i) => new EnvelopeItem(i.Name(), i.U32(), CredentialKinds.Parse(i.Text()), i.Name(), i.U32()),
                Requests.LaunchPayload.MaxItems),
            r.Time());
        if (isReplacing)
        {
            header = header with { Replaces = r.Id() };
        }

        r.End();
        return header;
    }
}
