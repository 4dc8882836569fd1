using Broker.CredentialZone.Operations;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>What an owner sends before it opens a row of a backup.</summary>
internal static class TestBackups
{
    public static Signed Check(TestCustomer customer, Func<BackupCheck, BackupCheck>? bend = null, SignerKey? by = null)
    {
        var check = new BackupCheck(
            customer.Cluster, customer.Name, 1, TestCustomer.N("dmz-1"), "console/one", customer.Fence, 0, 1, Digest.Of([5]));
        return (by ?? customer.Identity).Sign(bend?.Invoke(check) ?? check);
    }

    public static AppendBackupCheck Append(TestCustomer customer, Signed check, string node = "dmz-1", ulong? fence = null) =>
        new(customer.Name, fence ?? customer.Fence, TestCustomer.N(node), check);
}
