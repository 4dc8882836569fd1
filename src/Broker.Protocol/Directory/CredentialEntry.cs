using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>The metadata of a credential: what a listing shows. The rows of its versions stand beside it under the same head.</summary>
/// <remarks>
/// A credential of which no version was ever staged has no stages and is <c>broker/credential/1</c>: its latest version is current,
/// and the ones before are launched by their number. With stages it is <c>broker/credential/2</c>.
/// </remarks>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Credential">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Policy">The release policy that governs it.</param>
/// <param name="Version">The current version, from 1.</param>
/// <param name="Length">Bytes of the current version.</param>
/// <param name="Updated">When the current version came to be so.</param>
/// <param name="By">Who put or promoted it.</param>
public sealed record CredentialEntry(
    Name Cluster,
    Name Customer,
    Name Credential,
    CredentialKind Kind,
    Name Policy,
    uint Version,
    uint Length,
    DateTimeOffset Updated,
    Name By) : IStatement<CredentialEntry>
{
    private const string Label = "broker/credential/1";
    private const string StagedLabel = "broker/credential/2";

    /// <summary>The stages of its versions; null where none was ever staged.</summary>
    public CredentialStages? Stages { get; init; }

    /// <summary>The highest number that a version has: the next one put replaces it.</summary>
    public uint Latest => Stages?.Latest ?? Version;

    /// <summary>This entry with other stages: what is said of the current version follows from them.</summary>
    public CredentialEntry With(CredentialStages stages)
    {
        var current = stages.Current;
        return this with
        {
            Version = current.Version,
            Length = current.Length,
            Updated = current.Moved,
            By = current.MovedBy,
            Stages = stages,
        };
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Stages is null ? Label : StagedLabel)
            .Name(Cluster).Name(Customer).Name(Credential).Text(Kind.ToText()).Name(Policy).U32(Version).U32(Length).Time(Updated)
            .Name(By);
        if (Stages is not null)
        {
            CredentialStages.Write(writer, Stages);
        }

        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static CredentialEntry Decode(ReadOnlySpan<byte> encoding)
    {
        var isStaged = EncReader.Begins(encoding, StagedLabel);
        var r = new EncReader(encoding, isStaged ? StagedLabel : Label);
        var entry = new CredentialEntry(
            r.Name(), r.Name(), r.Name(), CredentialKinds.Parse(r.Text()), r.Name(), r.U32(), r.U32(), r.Time(), r.Name());
        if (isStaged)
        {
            entry = entry with { Stages = CredentialStages.ReadFrom(ref r) };
        }

        r.End();
        return entry.Stages is null || entry == entry.With(entry.Stages)
            ? entry
            : throw new MalformedException("the stages name another current version than the entry");
    }
}
