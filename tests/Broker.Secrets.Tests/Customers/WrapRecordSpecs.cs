using System.Security.Cryptography;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Secrets.Tests;

public sealed class WrapRecordSpecs : GaugedSpecs
{
    private readonly CustomerSecret _secret;
    private readonly P256PrivateKey _key;
    private readonly SealedWrap _wrap;

    public WrapRecordSpecs()
    {
        _secret = Keep(Custody.NewSecret(Custody.Acme));
        _key = Keep(P256PrivateKey.Generate(SystemRandom.Fill));
        _wrap = Wraps.Seal(_secret, _key);
    }

    [Fact]
    public void Wrap_should_give_the_customer_s_secret_to_the_key_of_its_way()
    {
        var read = Statement.Read<SealedWrap>(_wrap.Encode());

        Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(_key, read, out var record));
        using (record)
        {
            Assert.Equal((Custody.Cluster, Custody.Acme, 1u, Wraps.Way), (record!.Cluster, record.Customer, record.Epoch, record.Way));
            Assert.Equal(WrapFailure.None, record.TryUnlock(out var secret));
            using (secret)
            {
                Assert.Equal((_secret.Identity, _secret.Intake), (secret!.Identity, secret.Intake));
                var row = RowCipher.Seal(_secret, Rows.Header(6), "secret"u8, SystemRandom.Fill);
                Assert.Equal(RowFailure.None, RowCipher.TryOpen(secret, row, Rows.Entry, 3, out var plaintext));
                plaintext!.Dispose();
            }
        }
    }

    [Fact]
    public void Record_should_be_the_construction_of_the_protocol()
    {
        using var plain = Wraps.Unseal(_key, _wrap);
        var start = Independent.Enc(
            "broker/wrap/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1), Independent.Text("hsm-1"),
            _secret.Identity.Bytes.ToArray());
        byte[] expected = [.. start, .. Independent.U32(32)];

        Assert.Equal(expected.Length + 32 + PublicKey.SignatureLength, plain.Length);
        Assert.Equal(expected, plain.Span[..expected.Length].ToArray());
        Assert.True(_secret.Identity.Verify(plain.Span[..^PublicKey.SignatureLength], plain.Span[^PublicKey.SignatureLength..]));
    }

    [Fact]
    public void Another_key_should_not_open_it()
    {
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);

        Assert.Equal(WrapFailure.WrongKey, WrapRecord.TryOpen(other, _wrap, out var record));
        Assert.Null(record);
        // Nor when the wrap is said to be that key's.
        Assert.Equal(WrapFailure.Altered, WrapRecord.TryOpen(other, _wrap with { Key = PublicKey.Parse(other.PublicKey) }, out _));
    }

    [Fact]
    public void Answer_should_prove_the_way_and_this_challenge_only()
    {
        var challenge = Wraps.Challenge();
        WrapRecord.TryOpen(_key, _wrap, out var record);
        using (record)
        {
            var answer = record!.Answer(challenge);

            Assert.True(_secret.IsAnswered(challenge, answer));
            Assert.False(_secret.IsAnswered(Wraps.Challenge(nonce: 2), answer));
            Assert.False(_secret.IsAnswered(challenge with { Way = Wraps.OtherWay }, answer));
            Assert.False(_secret.IsAnswered(challenge with { Incarnation = Digest.Of([1]) }, answer));
            Assert.False(_secret.IsAnswered(challenge, answer.AsSpan()[1..]));
            Assert.False(_secret.IsAnswered(challenge, []));
            using var another = Custody.NewSecret(Custody.Acme);
            Assert.False(another.IsAnswered(challenge, answer));
            Assert.False(_secret.IsAnswered(challenge with { Epoch = 2 }, answer));
        }
    }

    [Fact]
    public void Answer_should_be_the_construction_of_the_protocol()
    {
        using var plain = Wraps.Unseal(_key, _wrap);
        using var record = WrapRecord.Take(SecretBuffer.CopyOf(plain.Span));
        var secret = plain.Span[^(32 + PublicKey.SignatureLength)..^PublicKey.SignatureLength].ToArray();
        var key = Independent.Expand(
            secret,
            Independent.Enc(
                "broker/confirm-wrap/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1),
                Independent.Text("hsm-1"), _secret.Identity.Bytes.ToArray()),
            32);
        var asked = Independent.Enc(
            "broker/custody-challenge/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1),
            Independent.Text("hsm-1"), new byte[32], SHA256.HashData([1]));

        Assert.Equal(HMACSHA256.HashData(key, asked), record.Answer(Wraps.Challenge()));
    }

    [Fact]
    public void Challenge_for_another_customer_epoch_or_way_should_not_be_answered()
    {
        WrapRecord.TryOpen(_key, _wrap, out var record);
        using (record)
        {
            Assert.Null(record!.Answer(Wraps.Challenge(customer: Custody.Other)));
            Assert.Null(record.Answer(Wraps.Challenge(epoch: 2)));
            Assert.Null(record.Answer(Wraps.Challenge(way: Wraps.OtherWay)));
            Assert.Null(record.Answer(Wraps.Challenge() with { Cluster = Custody.Other }));
        }
    }

    [Fact]
    public void Record_given_to_unlock_should_open_only_at_that_incarnation_with_that_head()
    {
        using var incarnation = P256PrivateKey.Generate(SystemRandom.Fill);
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);
        var key = PublicKey.Parse(incarnation.PublicKey);
        var head = CustodyInfo.AcceptedHead(5, Digest.Of("root"u8));
        byte[] Info(PublicKey to, Name way) => CustodyInfo.WrapForUnlock(Custody.Cluster, Custody.Acme, 1, way, to.Fingerprint);
        WrapRecord.TryOpen(_key, _wrap, out var record);
        using var owned = record!;

        var given = owned.SealForUnlock(key, head, SystemRandom.Fill);

        using var received = WrapRecord.Take(Hpke.Open(incarnation, Info(key, Wraps.Way), head, given));
        Assert.Equal(WrapFailure.None, received.TryUnlock(out var secret));
        secret!.Dispose();
        Assert.Throws<SealedDataException>(() => Hpke.Open(other, Info(key, Wraps.Way), head, given));
        Assert.Throws<SealedDataException>(() => Hpke.Open(incarnation, Info(PublicKey.Parse(other.PublicKey), Wraps.Way), head, given));
        Assert.Throws<SealedDataException>(() => Hpke.Open(incarnation, Info(key, Wraps.OtherWay), head, given));
        Assert.Throws<SealedDataException>(() =>
            Hpke.Open(incarnation, Info(key, Wraps.Way), CustodyInfo.AcceptedHead(6, Digest.Of("root"u8)), given));
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Wrap_should_be_made_and_used_whole_or_not_at_all()
    {
        AssertWalk(3, () => Wraps.Seal(_secret, _key));
        AssertWalk(4, () =>
        {
            Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(_key, _wrap, out var record));
            using (record)
            {
                Assert.Equal(WrapFailure.None, record!.TryUnlock(out var secret));
                using (secret)
                    Assert.True(secret!.IsAnswered(Wraps.Challenge(), record.Answer(Wraps.Challenge())));
            }
        });
    }

    private static void AssertWalk(int least, Action operation)
    {
        var refusals = Exhaustion.Walk(operation);
        Assert.True(refusals >= least, $"refused {refusals} times only");
    }
}
