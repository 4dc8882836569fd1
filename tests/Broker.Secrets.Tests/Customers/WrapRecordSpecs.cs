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
            Wraps.Split.ToArray(), _secret.Identity.Bytes.ToArray());
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
        var (wrap, proof) = Wraps.SealAll(_secret, _key);
        var challenge = Wraps.Challenge();
        WrapRecord.TryOpen(_key, wrap, out var record);
        using (record)
        {
            var answer = record!.Prove(challenge);

            Assert.True(Wraps.IsProven(proof, challenge, answer));
            Assert.False(Wraps.IsProven(proof, Wraps.Challenge(nonce: 2), answer));
            Assert.False(Wraps.IsProven(proof, challenge with { Incarnation = Digest.Of([1]) }, answer));
            Assert.False(Wraps.IsProven(proof, challenge, answer![1..]));
            Assert.False(Wraps.IsProven(_secret.Identity, challenge, answer));
        }
    }

    [Fact]
    public void Proof_should_be_the_construction_of_the_protocol()
    {
        var (wrap, proof) = Wraps.SealAll(_secret, _key);
        using var plain = Wraps.Unseal(_key, wrap);
        var secret = plain.Span[^(32 + PublicKey.SignatureLength)..^PublicKey.SignatureLength].ToArray();
        var info = Independent.Enc(
            "broker/prove-wrap/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1),
            Independent.Text("hsm-1"), Wraps.Split.ToArray());
        using var scalar = P256Scalar.Derive(Independent.Expand(secret, info, 32));
        using var key = P256PrivateKey.FromScalar(scalar);

        Assert.Equal(key.PublicKey, proof.Bytes.ToArray());
    }

    [Fact]
    public void Confirmation_should_be_the_one_that_the_node_expects()
    {
        var (wrap, confirmation, _) = WrapRecord.Seal(
            _secret, Wraps.Way, Wraps.Split, PublicKey.Parse(_key.PublicKey), SystemRandom.Fill);
        using (confirmation)
        {
            using var plain = Wraps.Unseal(_key, wrap);
            using var record = WrapRecord.Take(SecretBuffer.CopyOf(plain.Span));
            var secret = plain.Span[^(32 + PublicKey.SignatureLength)..^PublicKey.SignatureLength].ToArray();
            var key = Independent.Expand(
                secret,
                Independent.Enc(
                    "broker/confirm-wrap/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1),
                    Independent.Text("hsm-1"), Wraps.Split.ToArray(), _secret.Identity.Bytes.ToArray()),
                32);

            Assert.Equal(HMACSHA256.HashData(key, "challenge"u8.ToArray()), record.Confirm("challenge"u8));
            Assert.Equal(HMACSHA256.HashData(confirmation.Span, "challenge"u8), record.Confirm("challenge"u8));
        }
    }

    [Fact]
    public void Challenge_for_another_customer_epoch_or_way_should_not_be_answered()
    {
        WrapRecord.TryOpen(_key, _wrap, out var record);
        using (record)
        {
            Assert.Null(record!.Prove(Wraps.Challenge(customer: Custody.Other)));
            Assert.Null(record.Prove(Wraps.Challenge(epoch: 2)));
            Assert.Null(record.Prove(Wraps.Challenge(way: Wraps.OtherWay)));
            Assert.Null(record.Prove(Wraps.Challenge() with { Cluster = Custody.Other }));
        }
    }

    [Fact]
    public void Record_given_to_unlock_should_open_only_at_that_incarnation_with_that_head()
    {
        using var incarnation = P256PrivateKey.Generate(SystemRandom.Fill);
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);
        var key = PublicKey.Parse(incarnation.PublicKey);
        var head = CustodyInfo.AcceptedHead(5, Digest.Of("root"u8));
        byte[] Info(PublicKey to, Name way) =>
            CustodyInfo.WrapForUnlock(Custody.Cluster, Custody.Acme, 1, way, Wraps.Split, to.Fingerprint);
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
                    Assert.Equal(_secret.Identity, secret!.Identity);
            }
        });
    }

    private static void AssertWalk(int least, Action operation)
    {
        var refusals = Exhaustion.Walk(operation);
        Assert.True(refusals >= least, $"refused {refusals} times only");
    }
}
