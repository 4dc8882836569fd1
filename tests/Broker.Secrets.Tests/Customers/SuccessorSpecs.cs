using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;

namespace Broker.Secrets.Tests.Customers;

/// <summary>
/// A secret with that of the epoch before: custody keeps both, rows of both are opened, and the old one can be wiped alone.
/// </summary>
public sealed class SuccessorSpecs : GaugedSpecs
{
    private readonly CustomerSecret _old;
    private readonly CustomerSecret _next;

    public SuccessorSpecs()
    {
        _old = Keep(Custody.NewSecret(Custody.Acme));
        _next = Keep(_old.Succeed(SystemRandom.Fill));
    }

    [Fact]
    public void Successor_should_be_of_the_next_epoch_and_hold_the_one_before()
    {
        Assert.Equal((2u, 1u), (_next.Epoch, _next.Predecessor!.Epoch));
        Assert.Equal(_old.Identity, _next.Predecessor.Identity);
        Assert.NotEqual(_old.Identity, _next.Identity);
        Assert.Equal((3, 6), (_old.Secrets, _next.Secrets));
        Assert.Throws<InvalidOperationException>(() => _next.Succeed(SystemRandom.Fill));
    }

    [Fact]
    public void Shares_should_rebuild_both()
    {
        using var custody = new Custody(_next, threshold: 2, count: 3);
        using var first = custody.Open(0);
        using var third = custody.Open(2);
        using var rebuilt = ShareRecord.Combine([first, third]);

        Assert.Equal(_next.Identity, rebuilt!.Identity);
        Assert.Equal(_old.Identity, rebuilt.Predecessor!.Identity);
        Assert.True(first.IsSigned);
    }

    [Fact]
    public void Wrap_should_unlock_both()
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(key, Wraps.Seal(_next, key), out var record));
        using (record)
        {
            Assert.Equal(WrapFailure.None, record!.TryUnlock(out var unlocked));
            using (unlocked)
                Assert.Equal((_next.Identity, _old.Identity), (unlocked!.Identity, unlocked.Predecessor!.Identity));
        }
    }

    [Fact]
    public void Custody_that_is_made_after_the_old_one_is_wiped_should_keep_the_new_one_alone()
    {
        var before = SecretMemory.Default.LiveBytes;
        _next.ForgetPredecessor();
        Assert.Equal(before - (3 * CustomerSecret.Length), SecretMemory.Default.LiveBytes);

        using var custody = new Custody(_next, threshold: 2, count: 2);
        using var first = custody.Open(0);
        using var second = custody.Open(1);
        using var rebuilt = ShareRecord.Combine([first, second]);

        Assert.Equal(_next.Identity, rebuilt!.Identity);
        Assert.Null(rebuilt.Predecessor);
    }

    [Fact]
    public void Shares_of_both_lengths_should_not_combine()
    {
        using var both = new Custody(_next, threshold: 2, count: 2);
        using var first = both.Open(0);
        _next.ForgetPredecessor();
        using var alone = new Custody(_next, threshold: 2, count: 2);
        using var second = alone.Open(1);

        Assert.Null(ShareRecord.Combine([first, second]));
    }

    [Fact]
    public void Predecessor_that_comes_from_another_holder_should_be_adopted_once_and_be_the_right_one()
    {
        var later = Keep(Custody.NewSecret(Custody.Acme, epoch: 2));
        var other = Keep(Custody.NewSecret(Custody.Other));
        var row = RowCipher.Seal(_old, Rows.Header(6), "secret"u8, SystemRandom.Fill);

        Assert.Throws<ArgumentException>(() => later.Adopt(other));
        Assert.Throws<ArgumentException>(() => later.Adopt(_next));
        Assert.Throws<ArgumentException>(() => later.Adopt(later));
        later.Adopt(_old);
        Assert.Throws<InvalidOperationException>(() => later.Adopt(_old));

        Assert.Equal(RowFailure.None, RowCipher.TryReseal(later, Key(3), row, SystemRandom.Fill, out _));
    }

    [Fact]
    public void Rows_of_both_epochs_should_open_and_the_old_one_be_encrypted_anew()
    {
        var old = RowCipher.Seal(_old, Rows.Header(6), "secret"u8, SystemRandom.Fill);
        Assert.Equal("secret", Opened(old));

        Assert.Equal(RowFailure.None, RowCipher.TryReseal(_next, Key(3), old, SystemRandom.Fill, out var next));
        Assert.Equal("secret", Opened(next!));
        Assert.Equal(2u, Protocol.Statements.Statement.Read<RowHeader>(next!.Header.Span).Epoch);
        Assert.NotEqual(old.Salt.ToArray(), next.Salt.ToArray());

        _next.ForgetPredecessor();
        Assert.Equal("secret", Opened(next));
        Assert.Equal(RowFailure.WrongPlace, RowCipher.TryOpen(_next, old, Rows.Entry, 3, out _));
    }

    [Fact]
    public void A_row_that_is_another_or_altered_should_not_be_encrypted_anew()
    {
        using var stranger = Custody.NewSecret(Custody.Acme);
        var row = RowCipher.Seal(_old, Rows.Header(6), "secret"u8, SystemRandom.Fill);
        var foreign = RowCipher.Seal(stranger, Rows.Header(6), "secret"u8, SystemRandom.Fill);
        var current = RowCipher.Seal(_next, Rows.Header(6) with { Epoch = 2 }, "secret"u8, SystemRandom.Fill);
        var ciphertext = row.Ciphertext.ToArray();
        ciphertext[0] ^= 1;

        Assert.Equal(RowFailure.WrongPlace, Reseal(4, row));
        Assert.Equal(RowFailure.WrongPlace, Reseal(3, current));
        Assert.Equal(RowFailure.WrongPlace, Reseal(3, row with { Header = Rows.Header(7).Encode() }));
        Assert.Equal(RowFailure.WrongKey, Reseal(3, foreign));
        Assert.Equal(RowFailure.Altered, Reseal(3, row with { Ciphertext = ciphertext }));
        _next.ForgetPredecessor();
        Assert.Equal(RowFailure.WrongPlace, Reseal(3, row));
    }

    [Fact]
    public void Many_rows_should_be_encrypted_anew_in_one_go()
    {
        var before = SecretMemory.Default.LiveBuffers;
        var salts = new HashSet<string>();
        using (var resealer = new RowResealer(_next, SystemRandom.Fill))
        {
            // Some are longer than what is kept for all of them, and some salts are fetched together.
            foreach (var length in Enumerable.Range(0, 150).Concat([1024, 1025, 70_000, 40]))
            {
                var text = new string('x', length);
                var old = RowCipher.Seal(
                    _old, Rows.Header(length), System.Text.Encoding.UTF8.GetBytes(text), SystemRandom.Fill);

                Assert.Equal(RowFailure.None, resealer.TryReseal(Key(3), old.Encode(), out var encoding));

                var next = Protocol.Statements.Statement.Read<StoredRow>(encoding);
                Assert.Equal(Rows.Header(length) with { Epoch = 2 }, StoredRow.ReadHeader(encoding));
                Assert.True(salts.Add(Convert.ToHexString(next.Salt.Span)));
                Assert.Equal(text, Opened(next));
            }
        }

        Assert.Equal(before, SecretMemory.Default.LiveBuffers);
        _next.ForgetPredecessor();
        Assert.Throws<ArgumentException>(() => new RowResealer(_next, SystemRandom.Fill));
    }

    [Fact]
    public void A_row_that_does_not_open_should_not_keep_the_next_from_it()
    {
        using var resealer = new RowResealer(_next, SystemRandom.Fill);
        var row = RowCipher.Seal(_old, Rows.Header(6), "secret"u8, SystemRandom.Fill);
        var ciphertext = row.Ciphertext.ToArray();
        ciphertext[0] ^= 1;

        Assert.Equal(RowFailure.Altered, resealer.TryReseal(Key(3), (row with { Ciphertext = ciphertext }).Encode(), out _));
        Assert.Equal(RowFailure.None, resealer.TryReseal(Key(3), row.Encode(), out var next));
        Assert.Equal("secret", Opened(Protocol.Statements.Statement.Read<StoredRow>(next)));
        Assert.Throws<MalformedException>(() => resealer.TryReseal(Key(3), row.Encode().AsSpan(..^1), out _));
    }

    private static EntryKey Key(uint version) => EntryKey.Row(Rows.Credential, version);

    private RowFailure Reseal(uint version, StoredRow row)
    {
        var failure = RowCipher.TryReseal(_next, Key(version), row, SystemRandom.Fill, out var next);
        Assert.Null(next);
        if (_next.Predecessor is not null)
        {
            using var resealer = new RowResealer(_next, SystemRandom.Fill);
            Assert.Equal(failure, resealer.TryReseal(Key(version), row.Encode(), out var encoding));
            Assert.Null(encoding);
        }

        return failure;
    }

    private string Opened(StoredRow row)
    {
        Assert.Equal(RowFailure.None, RowCipher.TryOpen(_next, row, Rows.Entry, 3, out var plaintext));
        using (plaintext)
            return System.Text.Encoding.UTF8.GetString(plaintext!.Span);
    }
}
