using Broker.CredentialZone.Operations;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>What an owner sends before it hands a customer's secret over.</summary>
internal static class TestTransfers
{
    public static TransferRecord Record(
        TestCustomer customer, Func<TransferIntent, TransferIntent>? bend = null, SignerKey? by = null, Digest? asked = null)
    {
        var request = new SignerKey().Sign(new TransferRequest(
            customer.Cluster, customer.Name, 1, TestCustomer.N("dmz-2"), Digest.Of([2]), customer.Incarnation, Admission.Auto.Hash(),
            Digest.Of([9]), DateTimeOffset.UnixEpoch));
        var intent = new TransferIntent(
            customer.Cluster, customer.Name, [1], asked ?? request.Hash, AdmissionKind.Auto, TestCustomer.N("dmz-1"), customer.Incarnation,
            TestCustomer.N("dmz-2"), Digest.Of([2]), customer.Fence, 0);
        return new TransferRecord(
            (by ?? customer.Identity).Sign(bend?.Invoke(intent) ?? intent), request, default, Admission.Auto.Encode(),
            new Signed(new byte[] { 1 }, new byte[64]), []);
    }

    public static AppendTransfer Append(TestCustomer customer, TransferRecord record, string node = "dmz-1", ulong? fence = null) =>
        new(customer.Name, fence ?? customer.Fence, TestCustomer.N(node), record);
}
