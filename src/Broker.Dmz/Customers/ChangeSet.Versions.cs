using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Customers;

/// <summary>
/// A credential's versions go <c>pending → staged → current → retired</c>, one step a signed request; where they stand is in the
/// credential's entry under the head, so that at every head exactly one is current.
/// </summary>
internal sealed partial class ChangeSet
{
    /// <summary>A put by which nobody gets anything yet.</summary>
    private ChangeResult PutNext(PutCredentialPayload put, Request request, ReadOnlyMemory<byte> upload)
    {
        if (Find<CredentialEntry>(EntryKey.Credential(put.Credential)) is not { } old)
        {
            return new Refused(
                Codes.CredentialUnknown, $"there is no credential {put.Credential} that a version could follow; put it without --stage");
        }

        return old.Policy == put.Policy
            ? Put(put, request, upload, VersionStage.Pending)
            : new Refused(Codes.VersionConflict, $"the credential is under policy {old.Policy}; a version that is staged keeps it");
    }

    /// <summary>The entry after a version was put; the one before may not be there.</summary>
    private ChangeResult Enter(PutCredentialPayload put, CredentialEntry? old, VersionStage stage, uint length, Name by)
    {
        var key = EntryKey.Credential(put.Credential);
        if (old?.Stages is null && stage == VersionStage.Current)
        {
            var version = put.Replaces + 1;
            Set(key, new CredentialEntry(
                _node.Cluster, _custody.Customer, put.Credential, put.Kind, put.Policy, version, length, _now, by));
            return new ChangeResult(null, version, null);
        }

        var stages = CredentialStages.Of(old!).Add(stage, length, _now, by);
        Set(key, (old! with { Policy = put.Policy }).With(stages));
        return new ChangeResult(null, stages.Latest, null);
    }

    private ChangeResult StageVersion(VersionPayload payload, Name by) =>
        Next(payload, out var entry, out var next) ?? (next.Stage == VersionStage.Pending
            ? Move(entry, payload.Version, VersionStage.Staged, by)
            : new Refused(Codes.VersionNotPending, $"version {payload.Version} is staged already"));

    private ChangeResult RetireVersion(VersionPayload payload, Name by) =>
        Next(payload, out var entry, out _) ?? Move(entry, payload.Version, VersionStage.Retired, by);

    private ChangeResult PromoteVersion(PromotePayload payload, Request request, SignedRequest signed)
    {
        if (Next(new VersionPayload(payload.Credential, payload.Version), out var entry, out var next) is { } refused)
        {
            return refused;
        }

        if (entry.Version != payload.Replaces)
        {
            return new Refused(
                Codes.VersionConflict, $"version {entry.Version} is current, not {payload.Replaces}; look at it and promote again");
        }

        if (next.Stage != VersionStage.Staged)
        {
            return new Refused(
                Codes.VersionNotStaged,
                $"version {payload.Version} is pending; stage it first: brokerctl credential stage {payload.Credential}");
        }

        return BeginHandOver(payload, entry, request, signed) ?? Move(entry, payload.Version, VersionStage.Current, request.User);
    }

    private ChangeResult DeleteVersion(VersionPayload payload)
    {
        if (Find<CredentialEntry>(EntryKey.Credential(payload.Credential)) is not { } entry)
        {
            return Unknown(payload.Credential);
        }

        var key = EntryKey.Row(payload.Credential, payload.Version);
        var stage = CredentialStages.Of(entry).StageOf(payload.Version);
        if (stage is null || _proven[Brought(key)].Leaf == Digest.Zero || (_changed.TryGetValue(key, out var changed) && changed is null))
        {
            return NoVersion(payload.Credential, payload.Version);
        }

        if (stage != VersionStage.Retired)
        {
            return new Refused(
                Codes.VersionInUse, $"version {payload.Version} is {stage.Value.ToText()}; only a retired version is deleted");
        }

        Remove(key);
        if (entry.Stages is { } stages)
        {
            Set(EntryKey.Credential(payload.Credential), entry.With(stages.Without(payload.Version)));
        }

        return Done;
    }

    /// <summary>Finds the version that is pending or staged, which is the only one that a step is about.</summary>
    private ChangeResult? Next(VersionPayload payload, out CredentialEntry entry, out CredentialVersion next)
    {
        (entry, next) = (null!, null!);
        if (Find<CredentialEntry>(EntryKey.Credential(payload.Credential)) is not { } found)
        {
            return Unknown(payload.Credential);
        }

        var stages = CredentialStages.Of(found);
        if (stages.Next is { } open && open.Version == payload.Version)
        {
            (entry, next) = (found, open);
            return null;
        }

        return stages.StageOf(payload.Version) switch
        {
            null => NoVersion(payload.Credential, payload.Version),
            VersionStage.Current => new Refused(Codes.VersionInUse, $"version {payload.Version} is the current one"),
            _ => new Refused(Codes.VersionRetired, $"version {payload.Version} is retired; put it again as a new version"),
        };
    }

    private ChangeResult Move(CredentialEntry entry, uint version, VersionStage stage, Name by)
    {
        Set(EntryKey.Credential(entry.Credential), entry.With(CredentialStages.Of(entry).Move(version, stage, _now, by)));
        return new ChangeResult(null, version, null);
    }

    private static Refused Unknown(Name credential) => new(Codes.CredentialUnknown, $"there is no credential {credential}");

    private static Refused NoVersion(Name credential, uint version) =>
        new(Codes.CredentialUnknown, $"credential {credential} has no version {version}");
}
