using System.Security.Cryptography;
using System.Text;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.Secrets.Tests.Fuzzing;

/// <summary>
/// Share records, tokens, key files and sealed bytes, damaged: what is read is whole, what is refused leaves no secret, neither in locked
/// memory (the gauge of <see cref="GaugedSpecs"/>) nor in the error.
/// </summary>
public sealed class SecretFormsFuzzSpecs : GaugedSpecs
{
    private const int Attempts = 2000;

    [Fact]
    public void Damaged_share_records_should_be_read_or_refused()
    {
        using var secret = Custody.NewSecret(Custody.Acme);
        using var custody = new Custody(secret, 2, 3);
        using var record = custody.Unseal(0, 0);
        var valid = record.Span.ToArray();
        Each(valid, static buffer =>
        {
            // Takes its buffer over, as it does from whoever opened a share.
            using var share = ShareRecord.Take(SecretBuffer.CopyOf(buffer.Span));
            Assert.InRange(share.Index, 1u, share.Count);
            Assert.True(share.Threshold <= share.Count);
        });
        CryptographicOperations.ZeroMemory(valid);
    }

    [Fact]
    public void Damaged_sealed_shares_should_not_open()
    {
        using var secret = Custody.NewSecret(Custody.Acme);
        using var custody = new Custody(secret, 2, 3);
        using var custodian = P256PrivateKey.Generate(SystemRandom.Fill);
        var valid = Hpke.Seal(custodian.PublicKey, "info"u8, [], "what was sealed"u8, SystemRandom.Fill);
        Each(valid, buffer =>
        {
            using var opened = Hpke.Open(custodian, "info"u8, [], buffer.Span);
            Assert.Equal(valid, buffer.Span.ToArray());
        });
    }

    [Fact]
    public void Damaged_tokens_should_be_read_or_refused()
    {
        var terms = new EnrolmentTerms(
            Name.Parse("cluster"), Name.Parse("acme"), Name.Parse("web-1"), "i-0123", ["dmz-1:7444"], Digest.Of([1]), Digest.Of([2]),
            DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_123));
        using var token = EnrolmentToken.Create(terms, SystemRandom.Fill);
        using var text = token.Write();
        Each(text.Span.ToArray(), static buffer =>
        {
            using var read = EnrolmentToken.Parse(buffer);
            using var again = read.Write();
            Assert.Equal(Encoding.ASCII.GetString(buffer.Span).Trim(), Encoding.ASCII.GetString(again.Span));
        });
    }

    [Fact]
    public void Damaged_tokens_should_be_refused_inside_the_encoding_too()
    {
        using var token = EnrolmentToken.Create(
            new EnrolmentTerms(
                Name.Parse("cluster"), Name.Parse("acme"), Name.Parse("web-1"), "i", ["a:1"], Digest.Of([1]), Digest.Of([2]),
                DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_123)),
            SystemRandom.Fill);
        using var text = token.Write();
        const int Prefix = 15;
        var encoding = System.Buffers.Text.Base64Url.DecodeFromChars(Encoding.ASCII.GetString(text.Span[Prefix..]));
        Each(encoding, static buffer =>
        {
            using var damaged = SecretBuffer.CopyOf(
                Encoding.ASCII.GetBytes("broker-enrol-1." + System.Buffers.Text.Base64Url.EncodeToString(buffer.Span)));
            EnrolmentToken.Parse(damaged).Dispose();
        });
    }

    [Fact]
    public void Damaged_key_files_should_be_read_or_refused()
    {
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        using var pem = P256Pem.Write(scalar.Span);
        Each(pem.Span.ToArray(), static buffer => P256PrivateKey.FromPkcs8Pem(buffer).Dispose());
    }

    [Fact]
    public void Empty_key_block_should_be_refused()
    {
        using var pem = SecretBuffer.CopyOf("-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----"u8);
        Assert.Throws<CryptographicException>(() => P256PrivateKey.FromPkcs8Pem(pem));
    }

    private static void Each(byte[] valid, Action<SecretBuffer> read)
    {
        var refused = 0;
        Fuzz.Each(Attempts, random =>
        {
            var damaged = Damage.Of(valid, random);
            if (damaged.Length == 0)
                return;
            var (bytes, buffers) = (SecretMemory.Default.LiveBytes, SecretMemory.Default.LiveBuffers);
            using (var buffer = SecretBuffer.CopyOf(damaged))
            {
                try
                {
                    read(buffer);
                }
                catch (Exception e) when (e is MalformedException or SealedDataException or CryptographicException)
                {
                    refused++;
                    ShouldNotTell(e, valid);
                }
            }

            Assert.Equal((bytes, buffers), (SecretMemory.Default.LiveBytes, SecretMemory.Default.LiveBuffers));
        });
        Assert.InRange(refused, Attempts / 4, int.MaxValue);
    }

    // Eight bytes of the input in a row, as text, hexadecimal or base64, would be more than chance.
    private static void ShouldNotTell(Exception error, byte[] valid)
    {
        var said = error.ToString();
        for (var at = 16; at + 8 <= valid.Length; at += 8)
        {
            var part = valid.AsSpan(at, 8);
            if (part.ContainsAnyExceptInRange((byte)' ', (byte)'~') || !part.ContainsAny("-._ "u8))
                Assert.DoesNotContain(Encoding.Latin1.GetString(part), said, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexString(part), said, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToBase64String(part)[..10], said, StringComparison.Ordinal);
        }
    }
}
