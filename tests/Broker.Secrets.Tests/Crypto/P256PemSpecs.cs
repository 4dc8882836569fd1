using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Broker.Secrets.Tests;

public sealed class P256PemSpecs
{
    [Fact]
    public void Written_key_should_read_back_as_itself()
    {
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        using var pem = P256Pem.Write(scalar.Span);
        using var read = P256Pem.ReadScalar(pem);
        using var key = P256PrivateKey.FromPkcs8Pem(pem);
        using var direct = P256PrivateKey.FromScalar(scalar);

        Assert.True(read.FixedTimeEquals(scalar.Span));
        Assert.Equal(direct.PublicKey, key.PublicKey);
    }

    [SkippableFact]
    public void Written_key_should_be_the_same_key_to_openssl()
    {
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        using var pem = P256Pem.Write(scalar.Span);
        using var key = P256PrivateKey.FromScalar(scalar);

        var info = OpenSsl("pkey -pubout -outform DER", pem.Span.ToArray());
        var rewritten = OpenSsl("pkey", pem.Span.ToArray());

        Assert.Equal(key.PublicKey, info[^65..]);
        Assert.Equal(pem.Span.ToArray(), rewritten);
    }

    [SkippableTheory]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve")]
    public void Key_that_openssl_made_should_be_read(string command)
    {
        var text = OpenSsl(command, []);
        var info = OpenSsl("pkey -pubout -outform DER", text);
        using var pem = SecretBuffer.CopyOf(text);
        using var key = P256PrivateKey.FromPkcs8Pem(pem);

        Assert.Equal(info[^65..], key.PublicKey);
    }

    [SkippableTheory]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384")]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1")]
    [InlineData("genpkey -algorithm ED25519")]
    [InlineData("genpkey -algorithm RSA")]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:word")]
    [InlineData("ecparam -genkey -noout -name prime256v1")]
    public void Other_kinds_of_key_should_be_refused(string command) => AssertRefused(OpenSsl(command, []));

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    [InlineData("-----END PRIVATE KEY----------BEGIN PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----")]
    public void Text_that_is_no_key_should_be_refused(string text) => AssertRefused(Encoding.ASCII.GetBytes(text));

    [Fact]
    public void Truncated_or_altered_encoding_should_never_crash_nor_leak()
    {
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        using var pem = P256Pem.Write(scalar.Span);
        var before = SecretMemory.Default.LiveBuffers;

        for (var at = 0; at < pem.Length; at++)
        {
            using var altered = SecretBuffer.CopyOf(pem.Span);
            altered.Span[at] = altered.Span[at] == 'A' ? (byte)'z' : (byte)'A';
            var thrown = Record.Exception(() => P256PrivateKey.FromPkcs8Pem(altered).Dispose());
            Assert.True(thrown is null or CryptographicException, $"byte {at} gave {thrown}");
        }

        Assert.Equal(before, SecretMemory.Default.LiveBuffers);
    }

    private static void AssertRefused(byte[] text)
    {
        var before = SecretMemory.Default.LiveBuffers;
        using (var pem = SecretBuffer.CopyOf(text))
            Assert.Throws<CryptographicException>(() => P256PrivateKey.FromPkcs8Pem(pem));
        Assert.Equal(before, SecretMemory.Default.LiveBuffers);
    }

    private static byte[] OpenSsl(string arguments, byte[] input)
    {
        var start = new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
            using var output = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(output);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return output.ToArray();
        }
        catch (Win32Exception)
        {
            throw new SkipException("the openssl command is not on this machine");
        }
    }
}
