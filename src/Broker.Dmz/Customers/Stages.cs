using Broker.Protocol.Directory;

namespace Broker.Dmz.Customers;

/// <summary>What a launch may have, as the credential's entry under the head says.</summary>
internal static class Stages
{
    /// <summary>Why a version is not launched; null where it is, and where there is no such version.</summary>
    public static Refused? Forbid(CredentialEntry entry, uint version) => entry.Stages?.StageOf(version) switch
    {
        VersionStage.Pending => new Refused(
            Codes.VersionPending, $"version {version} of {entry.Credential} is pending: nobody gets it before it is staged"),
        VersionStage.Retired => new Refused(
            Codes.VersionRetired, $"version {version} of {entry.Credential} is retired: launch the current one"),
        _ => null,
    };
}
