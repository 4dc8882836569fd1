using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>What every store does before a customer's secret goes over to another holder.</summary>
public abstract class TransferConformance : IDisposable
{
    private readonly ZoneUnderTest _zone;
    private readonly TestCustomer _customer;

    private protected TransferConformance(Func<string, IZoneDatabase> open)
    {
        _zone = new ZoneUnderTest(open);
        _customer = _zone.Ready();
    }

    public void Dispose()
    {
        _zone.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableFact]
    public void Intent_should_stand_in_the_chain_and_be_proved_by_its_receipt()
    {
        var record = TestTransfers.Record(_customer);
        var done = _zone.Do(TestTransfers.Append(_customer, record));

        var block = done.Receipt.Verify(_zone.LedgerKey.Key, ZoneUnderTest.Cluster);
        Assert.NotNull(block);
        Assert.Equal((BlockKind.Transfer, _customer.Name.Value), (block.Kind, block.Chain));
        Assert.Equal(record.Encode(), block.Body.ToArray());
        Assert.Equal(block.Position + 1, done.Ledger.Length);
    }

    [SkippableTheory]
    [InlineData("cluster", RefusalCode.Misaddressed)]
    [InlineData("customer", RefusalCode.Misaddressed)]
    [InlineData("epoch", RefusalCode.Misaddressed)]
    [InlineData("holder-node", RefusalCode.WrongNode)]
    [InlineData("holder", RefusalCode.WrongNode)]
    [InlineData("fence", RefusalCode.StaleFence)]
    [InlineData("lock-generation", RefusalCode.StaleFence)]
    public void Intent_of_something_else_should_be_refused(string what, string code)
    {
        var record = TestTransfers.Record(_customer, i => what switch
        {
            "cluster" => i with { Cluster = Name.Parse("elsewhere") },
            "customer" => i with { Customer = Name.Parse("other") },
            "epoch" => i with { Epochs = [1, 2] },
            "holder-node" => i with { HolderNode = Name.Parse("dmz-2") },
            "holder" => i with { Holder = Digest.Of([7]) },
            "fence" => i with { Fence = 2 },
            _ => i with { LockGeneration = 1 },
        });

        Assert.Equal(code, _zone.Refused(TestTransfers.Append(_customer, record)));
    }

    [SkippableFact]
    public void Intent_that_the_identity_did_not_sign_should_be_refused() => Assert.Equal(
        RefusalCode.BadSignature,
        _zone.Refused(TestTransfers.Append(_customer, TestTransfers.Record(_customer, by: new SignerKey()))));

    [SkippableFact]
    public void Intent_for_another_request_should_be_refused() => Assert.Equal(
        RefusalCode.Malformed,
        _zone.Refused(TestTransfers.Append(_customer, TestTransfers.Record(_customer, asked: Digest.Of([1])))));

    [SkippableFact]
    public void Intent_sent_by_another_node_should_be_refused() => Assert.Equal(
        RefusalCode.WrongNode, _zone.Refused(TestTransfers.Append(_customer, TestTransfers.Record(_customer), "dmz-2")));

    [SkippableFact]
    public void Intent_under_an_old_fence_should_be_refused()
    {
        var record = TestTransfers.Record(_customer);
        _zone.Do(new CredentialZone.Operations.ClaimCustomer(_customer.Claim(2), null));

        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(TestTransfers.Append(_customer, record)));
    }

    [SkippableFact]
    public void Intent_while_a_lock_stands_should_be_refused()
    {
        _zone.Do(new CredentialZone.Operations.RaiseLock(
            _customer.Name, _customer.Request(UserAction.Lock, new LockPayload(0, "drill"))));

        Assert.Equal(
            RefusalCode.Locked,
            _zone.Refused(TestTransfers.Append(_customer, TestTransfers.Record(_customer, i => i with { LockGeneration = 1 }))));
    }

    [SkippableFact]
    public void Intents_should_count_as_releases_of_the_minute()
    {
        _zone.Reopen(ZoneUnderTest.Limits with { ReleasesPerMinute = 1 });
        _zone.Do(TestTransfers.Append(_customer, TestTransfers.Record(_customer)));

        Assert.Equal(
            RefusalCode.RateExceeded, _zone.Refused(TestTransfers.Append(_customer, TestTransfers.Record(_customer))));
        _zone.Time.Advance(TimeSpan.FromMinutes(1));
        _zone.Do(TestTransfers.Append(_customer, TestTransfers.Record(_customer)));
    }

    [SkippableFact]
    public void Intent_of_an_unknown_customer_should_be_refused()
    {
        var nobody = _zone.NewCustomer("nobody");

        Assert.Equal(RefusalCode.UnknownCustomer, _zone.Refused(TestTransfers.Append(nobody, TestTransfers.Record(nobody))));
    }
}
