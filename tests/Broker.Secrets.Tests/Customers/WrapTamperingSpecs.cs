using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.TestKit;

namespace Broker.Secrets.Tests;

/// <summary>What stands between a customer's secret and whoever can write where the wrap is kept.</summary>
public sealed class WrapTamperingSpecs : GaugedSpecs
{
    private readonly CustomerSecret _secret;
    private readonly P256PrivateKey _key;
    private readonly SealedWrap _wrap;

    public WrapTamperingSpecs()
    {
        _secret = Keep(Custody.NewSecret(Custody.Acme));
        _key = Keep(P256PrivateKey.Generate(SystemRandom.Fill));
        _wrap = Wraps.Seal(_secret, _key);
    }

    [Fact]
    public void Every_field_of_the_wrap_should_be_bound()
    {
        SealedWrap[] changed =
        [
            _wrap with { Cluster = Custody.Other }, _wrap with { Customer = Custody.Other }, _wrap with { Epoch = 2 },
            _wrap with { Way = Wraps.OtherWay }, _wrap with { Identity = _secret.Intake }, _wrap with { Sealed = _wrap.Sealed[..^1] },
            _wrap with { Sealed = Array.Empty<byte>() },
        ];

        Assert.All(changed, wrap => Assert.Equal(WrapFailure.Altered, Open(wrap)));
    }

    [Fact]
    public void Every_flipped_byte_of_the_encoding_should_be_refused()
    {
        var encoding = _wrap.Encode();
        for (var at = 0; at < encoding.Length; at++)
        {
            encoding[at] ^= 0x10;
            Assert.NotEqual(WrapFailure.None, Read(encoding));
            encoding[at] ^= 0x10;
        }

        Assert.Equal(WrapFailure.None, Read(encoding));
    }

    [Fact]
    public void Record_of_another_place_sealed_to_the_key_should_be_refused()
    {
        // Whoever has the key and an old record could seal it anew under another name.
        using var record = Wraps.Unseal(_key, _wrap);

        Assert.Equal(WrapFailure.WrongPlace, Open(Wraps.Reseal(_wrap with { Epoch = 2 }, record.Span)));
        Assert.Equal(WrapFailure.WrongPlace, Open(Wraps.Reseal(_wrap with { Customer = Custody.Other }, record.Span)));
        Assert.Equal(WrapFailure.WrongPlace, Open(Wraps.Reseal(_wrap with { Way = Wraps.OtherWay }, record.Span)));
        Assert.Equal(WrapFailure.WrongPlace, Open(Wraps.Reseal(_wrap with { Identity = _secret.Intake }, record.Span)));
        Assert.Equal(WrapFailure.None, Open(Wraps.Reseal(_wrap, record.Span)));
    }

    [Fact]
    public void Record_that_the_identity_did_not_sign_should_be_forged()
    {
        using var record = Wraps.Unseal(_key, _wrap);
        record.Span[^1] ^= 1;
        Assert.Equal(WrapFailure.Forged, Open(Wraps.Reseal(_wrap, record.Span)));
        record.Span[^1] ^= 1;
        record.Span[^(PublicKey.SignatureLength + 1)] ^= 1;
        Assert.Equal(WrapFailure.Forged, Open(Wraps.Reseal(_wrap, record.Span)));

        using var taken = WrapRecord.Take(SecretBuffer.CopyOf(record.Span));
        Assert.Equal((false, WrapFailure.Forged), (taken.IsSigned, taken.TryUnlock(out var secret)));
        Assert.Null(secret);
    }

    [Fact]
    public void Signed_record_whose_secret_is_not_the_identity_s_should_unlock_nothing()
    {
        // As a node with a defect would make it.
        using var record = Wraps.Unseal(_key, _wrap);
        record.Span[^(PublicKey.SignatureLength + 1)] ^= 1;
        _secret.SignInto(record.Span[..^PublicKey.SignatureLength], record.Span[^PublicKey.SignatureLength..]);

        Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(_key, Wraps.Reseal(_wrap, record.Span), out var opened));
        using (opened)
        {
            Assert.Equal(WrapFailure.WrongIdentity, opened!.TryUnlock(out var secret));
            Assert.Null(secret);
        }
    }

    [Fact]
    public void Anything_else_sealed_to_the_key_should_be_malformed()
    {
        using var record = Wraps.Unseal(_key, _wrap);
        byte[] whole = record.Span.ToArray();
        byte[][] others =
            [[], [1], new byte[64], new byte[300], whole[..^1], [.. whole, 0], whole[..^PublicKey.SignatureLength]];
        foreach (var bytes in others)
            Assert.Equal(WrapFailure.Malformed, Open(Wraps.Reseal(_wrap, bytes)));
    }

    [Fact]
    public void Wrap_that_is_too_large_should_not_be_read() => Assert.Throws<MalformedException>(() =>
        Statement.Read<SealedWrap>((_wrap with { Sealed = new byte[SealedWrap.MaxSealed + 1] }).Encode()));

    [Fact]
    public void Largest_names_should_fit()
    {
        var longest = Name.Parse(new string('x', Name.MaxLength));
        using var secret = CustomerSecret.Create(longest, longest, uint.MaxValue, SystemRandom.Fill);
        var (wrap, confirmation, _) = WrapRecord.Seal(secret, longest, Wraps.Split, PublicKey.Parse(_key.PublicKey), SystemRandom.Fill);
        confirmation.Dispose();

        Assert.Equal(WrapFailure.None, Read(wrap.Encode()));
        Assert.InRange(SealedWrap.ObjectLabel(longest, longest, uint.MaxValue, longest, Wraps.Split).Length, 1, 255);
    }

    [Fact]
    public void Damaged_wraps_and_records_should_be_refused_and_leave_nothing()
    {
        var encoding = _wrap.Encode();
        using var record = Wraps.Unseal(_key, _wrap);
        byte[] plain = record.Span.ToArray();
        var atRest = SecretMemory.Default.LiveBytes;
        Fuzz.Each(5000, random =>
        {
            var damaged = Damage.Of(encoding, random);
            Assert.Equal(damaged.AsSpan().SequenceEqual(encoding), Read(damaged) == WrapFailure.None);
            var inside = Damage.Of(plain, random);
            if (inside.Length > 0)
                Assert.Equal(inside.AsSpan().SequenceEqual(plain), Take(inside));
            Assert.Equal(atRest, SecretMemory.Default.LiveBytes);
        });
    }

    private static bool Take(byte[] bytes)
    {
        try
        {
            using var record = WrapRecord.Take(SecretBuffer.CopyOf(bytes));
            if (record.TryUnlock(out var secret) != WrapFailure.None)
                return false;
            secret!.Dispose();
            return true;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    private WrapFailure Open(SealedWrap wrap)
    {
        var failure = WrapRecord.TryOpen(_key, wrap, out var record);
        Assert.Equal(failure == WrapFailure.None, record is not null);
        record?.Dispose();
        return failure;
    }

    private WrapFailure Read(byte[] encoding)
    {
        try
        {
            return Open(Statement.Read<SealedWrap>(encoding));
        }
        catch (MalformedException)
        {
            return WrapFailure.Malformed;
        }
    }
}
