using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

/// <summary>The credential that the tests of rows store.</summary>
internal static class Rows
{
    internal static readonly Name Credential = Name.Parse("database");

    /// <summary>Version 3 of a password.</summary>
    internal static CredentialEntry Entry { get; } = new(
        Custody.Cluster, Custody.Acme, Credential, CredentialKind.Password, Name.Parse("default"), 3, 6, DateTimeOffset.UnixEpoch,
        Name.Parse("anna"));

    internal static RowHeader Header(int length) =>
        new(Custody.Cluster, Custody.Acme, Credential, 3, CredentialKind.Password, 1, (uint)length);
}
