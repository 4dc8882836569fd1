using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>What every store does before a row of a backup is opened.</summary>
public abstract class BackupCheckConformance : IDisposable
{
    private readonly ZoneUnderTest _zone;
    private readonly TestCustomer _customer;

    private protected BackupCheckConformance(Func<string, IZoneDatabase> open)
    {
        _zone = new ZoneUnderTest(open);
        _customer = _zone.Ready();
    }

    public void Dispose()
    {
        _zone.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Intent_should_stand_in_the_chain_and_be_proved_by_its_receipt()
    {
        var check = TestBackups.Check(_customer);
        var block = _zone.Do(TestBackups.Append(_customer, check)).Receipt.Verify(_zone.LedgerKey.Key, ZoneUnderTest.Cluster);

        Assert.NotNull(block);
        Assert.Equal((BlockKind.BackupCheck, _customer.Name.Value), (block.Kind, block.Chain));
        Assert.Equal(new SignedRecord(check).Encode(), block.Body.ToArray());
    }

    [Theory]
    [InlineData("cluster", RefusalCode.Misaddressed)]
    [InlineData("customer", RefusalCode.Misaddressed)]
    [InlineData("epoch", RefusalCode.Misaddressed)]
    [InlineData("node", RefusalCode.WrongNode)]
    [InlineData("fence", RefusalCode.StaleFence)]
    [InlineData("lock-generation", RefusalCode.StaleFence)]
    public void Intent_of_something_else_should_be_refused(string what, string code) =>
        Assert.Equal(code, _zone.Refused(TestBackups.Append(_customer, TestBackups.Check(_customer, c => what switch
        {
            "cluster" => c with { Cluster = Name.Parse("elsewhere") },
            "customer" => c with { Customer = Name.Parse("other") },
            "epoch" => c with { Epoch = 2 },
            "node" => c with { Node = Name.Parse("dmz-2") },
            "fence" => c with { Fence = 2 },
            _ => c with { LockGeneration = 1 },
        }))));

    [Fact]
    public void Intent_should_be_the_owners_signed_and_not_under_a_lock()
    {
        Assert.Equal(RefusalCode.BadSignature, _zone.Refused(TestBackups.Append(_customer, TestBackups.Check(_customer, by: new()))));
        Assert.Equal(RefusalCode.WrongNode, _zone.Refused(TestBackups.Append(_customer, TestBackups.Check(_customer), node: "dmz-2")));
        Assert.Equal(RefusalCode.StaleFence, _zone.Refused(TestBackups.Append(_customer, TestBackups.Check(_customer), fence: 7)));
        _zone.Do(new Operations.RaiseLock(_customer.Name, _customer.Request(UserAction.Lock, new LockPayload(0, "drill"))));
        Assert.Equal(RefusalCode.Locked, _zone.Refused(TestBackups.Append(_customer, TestBackups.Check(_customer))));
    }

    [Fact]
    public void Openings_should_count_as_releases_of_the_minute()
    {
        var most = ZoneUnderTest.Limits.ReleasesPerMinute;
        for (var i = 0; i < most; i++)
            _zone.Do(TestBackups.Append(_customer, TestBackups.Check(_customer)));

        Assert.Equal(RefusalCode.RateExceeded, _zone.Refused(TestBackups.Append(_customer, TestBackups.Check(_customer))));
    }
}
