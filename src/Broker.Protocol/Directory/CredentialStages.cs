using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Directory;

/// <summary>
/// The versions of a credential with their stages, as they stand under the customer's head: exactly one is current, and at most
/// one, the latest, is pending or staged. What is not listed is retired.
/// </summary>
/// <param name="Latest">The highest number that a version ever had; no number is given twice.</param>
/// <param name="Versions">By number: the current one, the next, and the last retired ones; at most <see cref="MaxVersions"/>.</param>
public sealed record CredentialStages(uint Latest, IReadOnlyList<CredentialVersion> Versions)
{
    /// <summary>Most versions that are listed.</summary>
    public const int MaxVersions = 8;

    /// <summary>The current version.</summary>
    public CredentialVersion Current => Versions.First(static v => v.Stage == VersionStage.Current);

    /// <summary>The version that is pending or staged; null where there is none.</summary>
    public CredentialVersion? Next => Versions.FirstOrDefault(static v => v.IsNext);

    /// <summary>The stage of a version that was put; null for one that never was.</summary>
    public VersionStage? StageOf(uint version) => version == 0 || version > Latest
        ? null
        : Versions.FirstOrDefault(v => v.Version == version)?.Stage ?? VersionStage.Retired;

    /// <summary>The stages of a credential that has none yet: its latest version is current.</summary>
    /// <param name="entry">Its entry.</param>
    public static CredentialStages Of(CredentialEntry entry) => entry.Stages ?? new CredentialStages(
        entry.Version,
        [new CredentialVersion(
            entry.Version, VersionStage.Current, entry.Length, entry.Updated, entry.By, entry.Updated, entry.By)]);

    /// <summary>Adds the version after the latest; one that is current retires the one before.</summary>
    /// <param name="stage">Pending or current.</param>
    /// <param name="length">Bytes of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="by">Who puts it.</param>
    public CredentialStages Add(VersionStage stage, uint length, DateTimeOffset now, Name by)
    {
        var before = stage == VersionStage.Current ? Retire(now, by) : Versions;
        var added = new CredentialVersion(checked(Latest + 1), stage, length, now, by, now, by);
        return new CredentialStages(added.Version, Kept([.. before, added]));
    }

    /// <summary>Moves the next version; one that becomes current retires the one before.</summary>
    /// <param name="version">The next version.</param>
    /// <param name="stage">Where to.</param>
    /// <param name="now">The time.</param>
    /// <param name="by">Who moves it.</param>
    public CredentialStages Move(uint version, VersionStage stage, DateTimeOffset now, Name by)
    {
        var before = stage == VersionStage.Current ? Retire(now, by) : Versions;
        return this with
        {
            Versions = [.. before.Select(v => v.Version == version ? v with { Stage = stage, Moved = now, MovedBy = by } : v)],
        };
    }

    /// <summary>Forgets a version whose row is deleted.</summary>
    public CredentialStages Without(uint version) => this with { Versions = [.. Versions.Where(v => v.Version != version)] };

    /// <summary>Appends the fields.</summary>
    internal static void Write(EncWriter writer, CredentialStages value) =>
        writer.U32(value.Latest).List(value.Versions, CredentialVersion.Write);

    /// <summary>Reads the fields.</summary>
    /// <exception cref="MalformedException">They do not fit together: then the entry is none.</exception>
    internal static CredentialStages ReadFrom(ref EncReader reader)
    {
        var stages = new CredentialStages(reader.U32(), reader.List(CredentialVersion.ReadFrom, MaxVersions));
        return stages.IsWhole ? stages : throw new MalformedException("the versions of a credential do not fit together");
    }

    private bool IsWhole
    {
        get
        {
            var before = 0u;
            var (current, next) = (0, 0);
            foreach (var version in Versions)
            {
                if (version.Version <= before || version.Version > Latest || next > 0)
                {
                    return false;
                }

                before = version.Version;
                current += version.Stage == VersionStage.Current ? 1 : 0;
                next += version.IsNext ? 1 : 0;
            }

            return current == 1 && (next == 0 || before == Latest);
        }
    }

    private IReadOnlyList<CredentialVersion> Retire(DateTimeOffset now, Name by) =>
        [.. Versions.Select(v => v.Stage == VersionStage.Current ? v with { Stage = VersionStage.Retired, Moved = now, MovedBy = by } : v)];

    private static IReadOnlyList<CredentialVersion> Kept(IReadOnlyList<CredentialVersion> versions)
    {
        if (versions.Count <= MaxVersions)
        {
            return versions;
        }

        var oldest = versions.First(static v => v.Stage == VersionStage.Retired);
        return [.. versions.Where(v => v != oldest)];
    }
}
