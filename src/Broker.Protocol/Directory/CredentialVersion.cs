using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Directory;

/// <summary>A version of a credential and its stage.</summary>
/// <param name="Version">The version, from 1.</param>
/// <param name="Stage">Where it stands.</param>
/// <param name="Length">Bytes of the plaintext.</param>
/// <param name="Put">When it was put.</param>
/// <param name="PutBy">Who put it.</param>
/// <param name="Moved">When it came to its stage.</param>
/// <param name="MovedBy">Who moved it there.</param>
public sealed record CredentialVersion(
    uint Version, VersionStage Stage, uint Length, DateTimeOffset Put, Name PutBy, DateTimeOffset Moved, Name MovedBy)
{
    /// <summary>Whether it is on its way to be the current one.</summary>
    public bool IsNext => Stage is VersionStage.Pending or VersionStage.Staged;

    /// <summary>Appends the fields.</summary>
    public static void Write(EncWriter writer, CredentialVersion value) => writer
        .U32(value.Version).Text(value.Stage.ToText()).U32(value.Length).Time(value.Put).Name(value.PutBy).Time(value.Moved)
        .Name(value.MovedBy);

    /// <summary>Reads the fields.</summary>
    public static CredentialVersion ReadFrom(ref EncReader reader) => new(
        reader.U32(), VersionStages.Parse(reader.Text()), reader.U32(), reader.Time(), reader.Name(), reader.Time(), reader.Name());
}
