using System.Security.Cryptography;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

public sealed class ShareRecordSpecs : GaugedSpecs
{
    private readonly CustomerSecret _secret;
    private readonly Custody _custody;

    public ShareRecordSpecs()
    {
        _secret = Keep(Custody.NewSecret(Custody.Acme));
        _custody = Keep(new Custody(_secret, 2, 3));
    }

    [Fact]
    public void Record_should_say_whose_share_it_is_and_be_signed()
    {
        for (var position = 0; position < 3; position++)
        {
            using var share = _custody.Open(position);

            Assert.Equal((Custody.Cluster, Custody.Acme, 1u), (share.Cluster, share.Customer, share.Epoch));
            Assert.Equal((_custody.Split, 2u, 3u, (uint)position + 1), (share.Split, share.Threshold, share.Count, share.Index));
            Assert.Equal(_secret.Identity, share.Identity);
            Assert.True(share.IsSigned);
        }
    }

    [Fact]
    public void Record_should_be_the_construction_of_the_protocol()
    {
        using var plain = _custody.Unseal(1, 1);
        using var share = _custody.Open(1);

        var statement = Independent.Enc(
            "broker/share/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1),
            _custody.Split.ToArray(), Independent.U32(2), Independent.U32(3), Independent.U32(2),
            _secret.Identity.Bytes.ToArray(), share.Share.ToArray());

        Assert.Equal(statement, plain.Span[..^PublicKey.SignatureLength].ToArray());
        Assert.True(_secret.Identity.Verify(statement, plain.Span[^PublicKey.SignatureLength..]));
    }

    [Fact]
    public void Record_should_open_only_at_its_custodian_and_for_its_index()
    {
        Assert.Throws<SealedDataException>(() => _custody.Unseal(position: 1, of: 0));
        Assert.Throws<SealedDataException>(() => _custody.Unseal(position: 0, of: 0, index: 2));
        _custody.Unseal(0, 0).Dispose();
    }

    [Fact]
    public void Confirmation_should_be_the_one_that_the_node_expects()
    {
        for (var position = 0; position < 3; position++)
        {
            using var share = _custody.Open(position);

            var answer = share.Confirm("challenge"u8);

            var key = Independent.Expand(share.Share.ToArray(), Independent.Enc("broker/confirm/1"), 32);
            Assert.Equal(HMACSHA256.HashData(key, "challenge"u8.ToArray()), answer);
            Assert.Equal(HMACSHA256.HashData(_custody.Sealed[position].Confirmation.Span, "challenge"u8), answer);
            Assert.NotEqual(share.Confirm("Challenge"u8), answer);
        }
    }

    [Fact]
    public void Confirmations_should_differ_between_custodians()
    {
        var answers = new HashSet<string>();
        for (var position = 0; position < 3; position++)
        {
            using var share = _custody.Open(position);
            Assert.True(answers.Add(Convert.ToHexString(share.Confirm("challenge"u8))));
        }
    }

    [Fact]
    public void Share_given_to_unlock_should_open_only_at_that_incarnation_with_that_head()
    {
        using var share = _custody.Open(2);
        using var incarnation = P256PrivateKey.Generate(SystemRandom.Fill);
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);
        var key = PublicKey.Parse(incarnation.PublicKey);
        var head = CustodyInfo.AcceptedHead(5, Digest.Of("root"u8));
        byte[] Info(uint index, PublicKey to) =>
            CustodyInfo.ShareForUnlock(Custody.Cluster, Custody.Acme, 1, _custody.Split, index, to.Fingerprint);

        var given = share.SealForUnlock(key, head, SystemRandom.Fill);

        using var received = ShareRecord.Take(Hpke.Open(incarnation, Info(3, key), head, given));
        Assert.True(received.IsSigned);
        Assert.Equal(share.Share, received.Share);
        Assert.Throws<SealedDataException>(() => Hpke.Open(other, Info(3, key), head, given));
        Assert.Throws<SealedDataException>(() => Hpke.Open(incarnation, Info(3, PublicKey.Parse(other.PublicKey)), head, given));
        Assert.Throws<SealedDataException>(() => Hpke.Open(incarnation, Info(2, key), head, given));
        Assert.Throws<SealedDataException>(() =>
            Hpke.Open(incarnation, Info(3, key), CustodyInfo.AcceptedHead(6, Digest.Of("root"u8)), given));
        // Nor as what is sealed to a custodian, should one key ever serve as both.
        var asCustodian = CustodyInfo.SealedShare(Custody.Cluster, Custody.Acme, 1, _custody.Split, 3);
        Assert.Throws<SealedDataException>(() => Hpke.Open(incarnation, asCustodian, head, given));
    }

    [Fact]
    public void Way_that_keeps_a_wrap_should_make_no_shares() => Assert.Throws<ArgumentException>(() =>
        ShareRecord.SealAll(_secret, _custody.Way with { Kind = WayKind.Key }, _custody.Split, SystemRandom.Fill));

    [Fact]
    public void Answer_should_prove_the_share_and_this_challenge_only()
    {
        var challenge = Wraps.Challenge(way: _custody.Way.Way);
        using var share = _custody.Open(1);

        var answer = share.Prove(challenge);

        Assert.True(Wraps.IsProven(_custody.Sealed[1].Proof, challenge, answer));
        Assert.False(Wraps.IsProven(_custody.Sealed[0].Proof, challenge, answer));
        Assert.False(Wraps.IsProven(_custody.Sealed[1].Proof, challenge with { Nonce = Digest.Zero }, answer));
        Assert.Null(share.Prove(challenge with { Customer = Custody.Other }));
        Assert.Null(share.Prove(challenge with { Cluster = Custody.Other }));
        Assert.Null(share.Prove(challenge with { Epoch = 2 }));
    }

    [Fact]
    public void Proof_should_be_the_construction_of_the_protocol()
    {
        using var share = _custody.Open(1);
        var material = Independent.Expand(
            share.Share.ToArray(),
            Independent.Enc(
                "broker/prove-share/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1),
                _custody.Split.ToArray(), Independent.U32(2)),
            32);
        using var scalar = P256Scalar.Derive(material);
        using var key = P256PrivateKey.FromScalar(scalar);

        Assert.Equal(key.PublicKey, _custody.Sealed[1].Proof.Bytes.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void Threshold_out_of_range_should_make_no_shares(uint threshold) => Assert.Throws<ArgumentOutOfRangeException>(() =>
        ShareRecord.SealAll(_secret, _custody.Way with { Threshold = threshold }, _custody.Split, SystemRandom.Fill));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Randomness_that_fails_on_the_way_should_leave_nothing(int calls)
    {
        var left = calls;
        void Fill(Span<byte> destination)
        {
            if (left-- == 0)
                throw new InvalidOperationException();
            SystemRandom.Fill(destination);
        }

        Assert.Throws<InvalidOperationException>(() => ShareRecord.SealAll(_secret, _custody.Way, _custody.Split, Fill));
    }
}
