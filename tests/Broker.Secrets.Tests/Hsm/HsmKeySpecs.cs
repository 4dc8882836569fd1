using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests.Hsm;

public sealed class HsmKeySpecs : GaugedSpecs
{
    private static readonly byte[] Id = [1, 2, 3];

    private readonly SoftHsm _hsm;
    private readonly HsmToken _token;

    public HsmKeySpecs()
    {
        _hsm = Keep(new SoftHsm());
        _token = Keep(_hsm.Open());
    }

    [SkippableFact]
    public void Agreement_in_the_token_should_be_the_one_in_software()
    {
        var key = _token.MakeKey("wrap", Id, SystemRandom.Fill);
        for (var round = 0; round < 50; round++)
        {
            using var peer = P256PrivateKey.Generate(SystemRandom.Fill);
            using var expected = SecretBuffer.Allocate(32);
            using var shared = SecretBuffer.Allocate(32);

            peer.Agree(key.PublicKey, expected.Span);
            key.Agree(peer.PublicKey, shared.Span);

            Assert.True(shared.FixedTimeEquals(expected.Span));
            Assert.True(shared.Span.ContainsAnyExcept((byte)0));
        }
    }

    [SkippableFact]
    public void Agreement_should_be_that_of_the_vectors()
    {
        // RFC 5903 section 8.1: both private keys, brought along, agree with the other's public one.
        const string I = "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433";
        const string R = "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53";
        var expected = Convert.FromHexString("D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE");
        using var shared = SecretBuffer.Allocate(32);

        var initiator = Import(Convert.FromHexString(I), [1]);
        var responder = Import(Convert.FromHexString(R), [2]);

        initiator.Agree(responder.PublicKey, shared.Span);
        Assert.True(shared.FixedTimeEquals(expected));
        shared.Span.Clear();
        responder.Agree(initiator.PublicKey, shared.Span);
        Assert.True(shared.FixedTimeEquals(expected));
        Assert.False(initiator.WasAlwaysInside);
    }

    [SkippableFact]
    public void Key_should_be_found_again_by_label_and_by_id()
    {
        var made = _token.MakeKey("wrap", Id, SystemRandom.Fill);
        _token.MakeKey("other", new byte[] { 9 }, SystemRandom.Fill);

        Assert.True(made.WasAlwaysInside);
        foreach (var name in (HsmKeyName[])[new("wrap"), new(null, Id), new("wrap", Id)])
            Assert.Equal(made.PublicKey, _token.FindKey(name, SystemRandom.Fill).PublicKey);
        Assert.Equal(HsmFailure.KeyMissing, Failure(() => _token.FindKey(new("wrap", new byte[] { 9 }), SystemRandom.Fill)));
        Assert.Equal(HsmFailure.KeyMissing, Failure(() => _token.FindKey(new("missing"), SystemRandom.Fill)));
    }

    [SkippableFact]
    public void Key_should_not_be_made_over_another()
    {
        _token.MakeKey("wrap", Id, SystemRandom.Fill);

        Assert.Equal(HsmFailure.KeyExists, Failure(() => _token.MakeKey("wrap", new byte[] { 9 }, SystemRandom.Fill)));
        Assert.Equal(HsmFailure.KeyExists, Failure(() => _token.MakeKey("other", Id, SystemRandom.Fill)));
        Assert.Throws<ArgumentException>(() => _token.FindKey(new(null), SystemRandom.Fill));
    }

    [SkippableFact]
    public void Two_keys_of_one_name_should_be_told_apart_by_their_ids()
    {
        Import(Scalar(), [1]);
        var second = Import(Scalar(), [2]);

        Assert.Equal(HsmFailure.KeyAmbiguous, Failure(() => _token.FindKey(new("imported"), SystemRandom.Fill)));
        Assert.Equal(second.PublicKey, _token.FindKey(new("imported", new byte[] { 2 }), SystemRandom.Fill).PublicKey);
    }

    [SkippableFact]
    public void Planted_public_key_should_not_be_taken_for_the_token_s()
    {
        var made = _token.MakeKey("wrap", Id, SystemRandom.Fill);
        using var planter = P256PrivateKey.Generate(SystemRandom.Fill);
        CreatePublic(planter.PublicKey, "wrap", Id);

        Assert.Equal(made.PublicKey, _token.FindKey(new("wrap"), SystemRandom.Fill).PublicKey);

        // And where only the planted one is there, there is none.
        var scalar = Scalar();
        CreatePrivate(scalar, [7], static t => t.Flag(Ck.Sensitive, true).Flag(Ck.Extractable, false).Flag(Ck.Derive, true));
        CreatePublic(planter.PublicKey, "imported", [7]);
        Assert.Equal(HsmFailure.KeyUnsuitable, Failure(() => _token.FindKey(new(null, new byte[] { 7 }), SystemRandom.Fill)));
    }

    [SkippableTheory]
    [InlineData(true, true, true)]
    [InlineData(false, false, true)]
    [InlineData(true, false, false)]
    public void Key_that_can_leave_or_may_not_derive_should_be_refused(bool sensitive, bool extractable, bool derive)
    {
        var scalar = Scalar();
        CreatePrivate(scalar, [8], t => t.Flag(Ck.Sensitive, sensitive).Flag(Ck.Extractable, extractable).Flag(Ck.Derive, derive));
        using var key = P256PrivateKey.FromScalar(scalar);
        CreatePublic(key.PublicKey, "imported", [8]);

        Assert.Equal(HsmFailure.KeyUnsuitable, Failure(() => _token.FindKey(new("imported"), SystemRandom.Fill)));
    }

    [SkippableFact]
    public void Peer_that_is_no_point_should_be_refused_before_the_token()
    {
        var key = _token.MakeKey("wrap", Id, SystemRandom.Fill);
        using var shared = SecretBuffer.Allocate(32);

        foreach (var refused in P256Points.Refused())
        {
            Assert.Equal(SealFailure.InvalidPoint, Assert.Throws<SealedDataException>(() => key.Agree(refused, shared.Span)).Failure);
            Assert.False(shared.Span.ContainsAnyExcept((byte)0));
        }

        Assert.Throws<ArgumentException>(() => key.Agree(key.PublicKey, shared.Span[..31]));
    }

    [SkippableFact]
    public void Agreed_secrets_should_not_stay_in_the_token()
    {
        var key = _token.MakeKey("wrap", Id, SystemRandom.Fill);
        using var shared = SecretBuffer.Allocate(32);
        for (var round = 0; round < 5; round++)
            key.Agree(key.PublicKey, shared.Span);

        Assert.Equal(0, _token.Count(new Template().Number(Ck.Class, Ck.ClassSecretKey)));
        Assert.Equal(1, _token.Count(new Template().Number(Ck.Class, Ck.ClassPrivateKey)));
    }

    private static HsmFailure Failure(Action action) => Assert.Throws<HsmException>(action).Failure;

    private static byte[] Scalar()
    {
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        return scalar.Span.ToArray();
    }

    private HsmKey Import(byte[] scalar, byte[] id)
    {
        using var key = P256PrivateKey.FromScalar(scalar);
        CreatePrivate(scalar, id, static t => t.Flag(Ck.Sensitive, true).Flag(Ck.Extractable, false).Flag(Ck.Derive, true));
        CreatePublic(key.PublicKey, "imported", id);
        return _token.FindKey(new HsmKeyName(null, id), SystemRandom.Fill);
    }

    private void CreatePrivate(byte[] scalar, byte[] id, Func<Template, Template> rest) => _token.Create(rest(
        Ec(Ck.ClassPrivateKey, "imported", id).Flag(Ck.Private, true).Bytes(Ck.Value, scalar)));

    private void CreatePublic(byte[] point, string label, byte[] id) => _token.Create(
        Ec(Ck.ClassPublicKey, label, id).Flag(Ck.Private, false).Bytes(Ck.EcPoint, [0x04, PublicKey.Length, .. point]));

    private static Template Ec(ulong kind, string label, byte[] id) => new Template()
        .Number(Ck.Class, kind).Number(Ck.KeyType, Ck.KeyTypeEc).Flag(Ck.Token, true).Text(Ck.Label, label).Bytes(Ck.Id, id)
        .Bytes(Ck.EcParams, [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
}
