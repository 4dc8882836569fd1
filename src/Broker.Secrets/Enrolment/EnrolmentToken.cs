using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets;

/// <summary>
/// What an administrator gives to a new agent, once: the seed of a one-time signing key, and by which fingerprints the agent knows the
/// broker. Its text is <c>broker-enrol-1.</c> followed by base64url of
/// <c>enc("broker/token/1", cluster, customer, agent, instance, addresses, root, identity, seed[32], not-after)</c>.
/// Whoever has the text can enrol as that agent until it is redeemed or over, so it exists in locked memory only; the seed never leaves
/// this object but in <see cref="Write"/>.
/// </summary>
public sealed class EnrolmentToken : IDisposable
{
    /// <summary>Most bytes that the text of a token may have.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>Bytes of the seed.</summary>
    public const int SeedLength = 32;

    private const string Label = "broker/token/1";
    private const int MaxAddresses = 16;

    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    private readonly SecretBuffer _seed;
    private readonly P256PrivateKey _key;

    private EnrolmentToken(EnrolmentTerms terms, SecretBuffer seed)
    {
        Terms = terms;
        _seed = seed;
        _key = P256PrivateKey.DeriveKeyPair(seed.Span);
        PublicKey = PublicKey.Parse(_key.PublicKey);
    }

    private static ReadOnlySpan<byte> Prefix => "broker-enrol-1."u8;

    /// <summary>Everything of the token that is not secret.</summary>
    public EnrolmentTerms Terms { get; }

    /// <summary>The one-time key: all that the broker ever gets of the token.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Makes a token with a new seed.</summary>
    /// <param name="terms">What it says.</param>
    /// <param name="random">Where the seed comes from.</param>
    /// <returns>A token that the caller owns.</returns>
    /// <exception cref="ArgumentException">There is no address, or there are more than 16.</exception>
    public static EnrolmentToken Create(EnrolmentTerms terms, RandomFill random)
    {
        ArgumentNullException.ThrowIfNull(terms);
        ArgumentNullException.ThrowIfNull(random);
        if (terms.Addresses.Count is 0 or > MaxAddresses)
            throw new ArgumentException($"a token names 1 to {MaxAddresses} addresses", nameof(terms));

        var seed = SecretBuffer.Allocate(SeedLength);
        return Owning(seed, () =>
        {
            random(seed.Span);
            return new EnrolmentToken(terms, seed);
        });
    }

    /// <summary>Reads the text of a token; white space around it is ignored.</summary>
    /// <param name="text">The text; stays the caller's to wipe.</param>
    /// <returns>A token that the caller owns.</returns>
    /// <exception cref="MalformedException">It is no token, or one of another version, or was cut or altered.</exception>
    public static EnrolmentToken Parse(SecretBuffer text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Span.Trim(" \t\r\n"u8);
        if (trimmed.Length > MaxLength || !trimmed.StartsWith(Prefix))
            throw new MalformedException("not an enrolment token; it begins with broker-enrol-1.");

        using var encoding = SecretBuffer.Allocate(Base64Url.GetMaxDecodedLength(trimmed.Length));
        // The decoder passes over white space and padding; a token has one text.
        if (trimmed[Prefix.Length..].ContainsAnyExcept(Alphabet)
            || Base64Url.DecodeFromUtf8(trimmed[Prefix.Length..], encoding.Span, out _, out var length) != OperationStatus.Done)
            throw new MalformedException("the enrolment token was cut or altered; copy all of it, in one line");

        encoding.Shrink(length);
        var (terms, seed) = Decode(encoding.Span);
        return Owning(seed, () =>
        {
            var token = new EnrolmentToken(terms, seed);
            using var again = token.Encode();
            if (again.FixedTimeEquals(encoding.Span))
                return token;

            token.Dispose();
            throw new MalformedException("the enrolment token is not in its canonical form; have it issued again");
        });
    }

    /// <summary>Signs an enrolment request with the one-time key.</summary>
    /// <param name="statement">The encoding of the request.</param>
    /// <returns>64 bytes r ‖ s.</returns>
    public byte[] Sign(ReadOnlySpan<byte> statement)
    {
        var signature = new byte[P256PrivateKey.SignatureSize];
        _key.Sign(statement, signature);
        return signature;
    }

    /// <summary>The text of the token, without an end of line.</summary>
    /// <returns>ASCII text that the caller owns.</returns>
    public SecretBuffer Write()
    {
        using var encoding = Encode();
        var text = SecretBuffer.Allocate(Prefix.Length + Base64Url.GetEncodedLength(encoding.Length));
        Prefix.CopyTo(text.Span);
        Base64Url.EncodeToUtf8(encoding.Span, text.Span[Prefix.Length..], out _, out _);
        return text;
    }

    /// <summary>Wipes the seed and the key.</summary>
    public void Dispose()
    {
        _key.Dispose();
        _seed.Dispose();
    }

    private static EnrolmentToken Owning(SecretBuffer seed, Func<EnrolmentToken> make)
    {
        try
        {
            return make();
        }
        catch
        {
            seed.Dispose();
            throw;
        }
    }

    private static (EnrolmentTerms Terms, SecretBuffer Seed) Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var (cluster, customer, agent, instance) = (r.Name(), r.Name(), r.Name(), r.Text());
        var addresses = r.List(static (ref i) => i.Text(), MaxAddresses);
        var (root, identity) = (r.Digest(), r.Digest());
        var seed = r.Exactly(SeedLength);
        var terms = new EnrolmentTerms(cluster, customer, agent, instance, addresses, root, identity, r.Time());
        r.End();
        return addresses.Count > 0 ? (terms, SecretBuffer.CopyOf(seed)) : throw new MalformedException(
            "the enrolment token names no address");
    }

    // The public fields go through the writer; only the seed's bytes are placed by hand, since the writer's memory is managed.
    private SecretBuffer Encode()
    {
        var before = new EncWriter(Label).Name(Terms.Cluster).Name(Terms.Customer).Name(Terms.Agent).Text(Terms.Instance)
            .List(Terms.Addresses, static (w, a) => w.Text(a)).Digest(Terms.Root).Digest(Terms.Identity).ToArray();
        const int Header = sizeof(uint);
        var encoding = SecretBuffer.Allocate(before.Length + Header + SeedLength + Header + sizeof(ulong));
        before.CopyTo(encoding.Span);
        var rest = encoding.Span[before.Length..];
        BinaryPrimitives.WriteUInt32BigEndian(rest, SeedLength);
        _seed.Span.CopyTo(rest[Header..]);
        rest = rest[(Header + SeedLength)..];
        BinaryPrimitives.WriteUInt32BigEndian(rest, sizeof(ulong));
        BinaryPrimitives.WriteUInt64BigEndian(rest[Header..], (ulong)Terms.NotAfter.ToUnixTimeMilliseconds());
        return encoding;
    }
}
