using System.Security.Cryptography;
using System.Text.Json;

namespace Broker.Secrets.Tests;

/// <summary>The test vectors of RFC 9180 for our suite, in the accumulated form: a thousand messages, a thousand exports.</summary>
public sealed class HpkeVectorSpecs
{
    private const int Rounds = 1000;

    [SkippableFact]
    public void Derived_key_pairs_should_be_those_of_the_RFC()
    {
        var vector = Read();
        using var scalar = P256Scalar.Derive(vector.Hex("ikmR"));
        using var receiver = P256PrivateKey.FromScalar(scalar);
        using var ephemeral = P256PrivateKey.DeriveKeyPair(vector.Hex("ikmE"));

        Assert.Equal(vector.Hex("skRm"), scalar.Span.ToArray());
        Assert.Equal(vector.Hex("pkRm"), receiver.PublicKey);
        Assert.Equal(vector.Hex("enc"), ephemeral.PublicKey);
    }

    [SkippableFact]
    public void Messages_should_be_those_of_the_RFC_and_open_at_the_other_end()
    {
        var (sender, receiver, vector) = Contexts();
        using (sender)
        using (receiver)
        {
            var source = new Stream();
            using var sink = new Shake128();
            for (var round = 0; round < Rounds; round++)
            {
                byte[] data = source.Draw(), plaintext = source.Draw(), wire = new byte[plaintext.Length + AesGcm256.TagSize];
                sender.Seal(data, plaintext, wire);
                sink.AppendData(wire);
                using var opened = receiver.Open(data, wire);
                Assert.True(opened.FixedTimeEquals(plaintext));
            }

            Assert.Equal(vector.Hex("encryptions_accumulated"), sink.GetHashAndReset(16));
        }
    }

    [SkippableFact]
    public void Exports_should_be_those_of_the_RFC_at_both_ends()
    {
        var (sender, receiver, vector) = Contexts();
        using (sender)
        using (receiver)
        {
            var source = new Stream();
            using var sink = new Shake128();
            for (var length = 0; length < Rounds; length++)
            {
                var context = source.Draw();
                using var sent = sender.Export(context, length);
                using var received = receiver.Export(context, length);
                Assert.True(sent.FixedTimeEquals(received.Span));
                sink.AppendData(sent.Span);
            }

            Assert.Equal(vector.Hex("exports_accumulated"), sink.GetHashAndReset(16));
        }
    }

    private static (HpkeContext Sender, HpkeContext Receiver, JsonElement Vector) Contexts()
    {
        var vector = Read();
        using var ephemeral = P256PrivateKey.DeriveKeyPair(vector.Hex("ikmE"));
        using var key = P256PrivateKey.FromScalar(vector.Hex("skRm"));
        var sender = Hpke.SetupBaseS(vector.Hex("pkRm"), vector.Hex("info"), ephemeral);
        return (sender, Hpke.SetupBaseR(key, vector.Hex("enc"), vector.Hex("info")), vector);
    }

    private static JsonElement Read()
    {
        var vector = Vectors.Read("hpke-rfc9180-p256.json");
        Skip.IfNot(Shake128.IsSupported, "this machine's crypto library has no SHAKE128");
        return vector;
    }

    /// <summary>SHAKE128 of nothing, read as a stream of length-prefixed inputs.</summary>
    private sealed class Stream
    {
        private readonly byte[] _bytes = Shake128.HashData([], 2 * Rounds * 256);
        private int _at;

        internal byte[] Draw()
        {
            var length = _bytes[_at++];
            _at += length;
            return _bytes[(_at - length).._at];
        }
    }
}
