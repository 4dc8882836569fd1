using Broker.Protocol.Api;
using Broker.Protocol.Directory;

namespace Broker.Dmz.Gateway;

/// <summary>A credential as the gateway shows it.</summary>
internal static class CredentialView
{
    public static CredentialModel Of(CredentialEntry entry) => new(
        entry.Credential.Value, entry.Kind.ToText(), entry.Policy.Value, entry.Version, entry.Length, entry.Updated, entry.By.Value)
    {
        Latest = entry.Latest,
        Versions = [.. entry.Stages?.Versions.Select(Of) ?? []],
    };

    private static VersionModel Of(CredentialVersion version) => new(
        version.Version, version.Stage.ToText(), version.Length, version.Put, version.PutBy.Value, version.Moved, version.MovedBy.Value);
}
