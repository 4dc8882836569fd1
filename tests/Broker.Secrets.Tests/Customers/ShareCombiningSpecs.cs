using System.Numerics;

namespace Broker.Secrets.Tests;

public sealed class ShareCombiningSpecs : GaugedSpecs
{
    private readonly CustomerSecret _secret;

    public ShareCombiningSpecs() => _secret = Keep(Custody.NewSecret(Custody.Acme));

    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 5)]
    [InlineData(5, 5)]
    public void Subset_should_rebuild_the_secret_exactly_when_it_has_enough_shares(int threshold, int count)
    {
        using var custody = new Custody(_secret, threshold, count);
        var all = Open(custody);
        var row = RowCipher.Seal(_secret, Rows.Header(6), "secret"u8, SystemRandom.Fill);
        for (var subset = 0u; subset < 1u << count; subset++)
        {
            using var combined = ShareRecord.Combine([.. all.Where((_, i) => (subset >> i & 1) == 1)]);

            Assert.Equal(BitOperations.PopCount(subset) >= threshold, combined is not null);
            if (combined is null)
                continue;

            Assert.Equal((_secret.Identity, _secret.Intake), (combined.Identity, combined.Intake));
            Assert.Equal(RowFailure.None, RowCipher.TryOpen(combined, row, Rows.Entry, 3, out var plaintext));
            plaintext!.Dispose();
        }
    }

    [Fact]
    public void Order_of_the_shares_should_not_matter()
    {
        using var custody = new Custody(_secret, 3, 3);
        var all = Open(custody);

        foreach (var order in (int[][])[[0, 1, 2], [2, 1, 0], [1, 2, 0]])
        {
            using var combined = ShareRecord.Combine([.. order.Select(i => all[i])]);
            Assert.Equal(_secret.Identity, combined?.Identity);
        }
    }

    [Fact]
    public void Shares_of_two_splits_should_not_combine()
    {
        using var first = new Custody(_secret, 2, 3, split: 1);
        using var second = new Custody(_secret, 2, 3, split: 2);
        ShareRecord[] one = Open(first), two = Open(second);

        Assert.Null(ShareRecord.Combine([one[0], two[1]]));
        Assert.Null(ShareRecord.Combine([two[1], one[0]]));
        Assert.Null(ShareRecord.Combine([one[0], one[1], two[2]]));
    }

    [Fact]
    [Trait("Invariant", "I1")]
    public void Shares_of_two_customers_or_epochs_should_not_combine()
    {
        using var otherSecret = Custody.NewSecret(Custody.Other);
        using var laterSecret = Custody.NewSecret(Custody.Acme, epoch: 2);
        using var own = new Custody(_secret, 2, 3);
        using var other = new Custody(otherSecret, 2, 3);
        using var later = new Custody(laterSecret, 2, 3);
        ShareRecord[] mine = Open(own), theirs = Open(other), next = Open(later);

        Assert.Null(ShareRecord.Combine([mine[0], theirs[1]]));
        Assert.Null(ShareRecord.Combine([theirs[1], mine[0]]));
        Assert.Null(ShareRecord.Combine([mine[0], next[1]]));
        Assert.Null(ShareRecord.Combine([mine[0], mine[1], theirs[2]]));
    }

    [Fact]
    public void Nothing_and_a_share_given_twice_should_not_combine()
    {
        using var custody = new Custody(_secret, 2, 3);
        var all = Open(custody);
        using var again = custody.Open(0);

        Assert.Null(ShareRecord.Combine([]));
        Assert.Null(ShareRecord.Combine([all[0], again]));
        Assert.Null(ShareRecord.Combine([all[0], all[1], again]));
    }

    [Fact]
    public void Signed_records_whose_shares_are_not_of_the_secret_should_not_combine()
    {
        // As a node with a defect would make them: the identity signs, but the shares are of other bytes.
        using var custody = new Custody(_secret, 2, 2);
        var all = Open(custody);
        using var foreign = custody.Unseal(1, 1);
        foreign.Span[^(Protocol.Identifiers.PublicKey.SignatureLength + 1)] ^= 1;
        _secret.SignInto(
            foreign.Span[..^Protocol.Identifiers.PublicKey.SignatureLength],
            foreign.Span[^Protocol.Identifiers.PublicKey.SignatureLength..]);
        using var record = ShareRecord.Take(SecretBuffer.CopyOf(foreign.Span));

        Assert.True(record.IsSigned);
        Assert.Null(ShareRecord.Combine([all[0], record]));
    }

    [Fact]
    [Trait("Invariant", "I5")]
    public void Wiped_share_should_not_combine_and_leave_nothing()
    {
        using var custody = new Custody(_secret, 2, 3);
        var all = Open(custody);
        all[1].Dispose();

        Assert.Throws<ObjectDisposedException>(() => ShareRecord.Combine([all[0], all[1]]));
        Assert.Throws<ObjectDisposedException>(() => all[1].Confirm([]));
        Assert.Throws<ObjectDisposedException>(() => all[1].IsSigned);
    }

    private ShareRecord[] Open(Custody custody) =>
        [.. Enumerable.Range(0, custody.Way.Holders.Count).Select(i => Keep(custody.Open(i)))];
}
