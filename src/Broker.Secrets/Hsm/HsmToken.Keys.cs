using Broker.Protocol.Encoding;

namespace Broker.Secrets;

/// <summary>Key pairs in the token: finding one, making one, agreeing with one.</summary>
public sealed partial class HsmToken
{
    // DER of the object identifier of prime256v1, and of an octet string of 65 bytes.
    private static ReadOnlySpan<byte> CurveOid => [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

    private static ReadOnlySpan<byte> PointPrefix => [0x04, 0x41];

    /// <summary>
    /// Finds a key pair, and shows by an agreement that the public key belongs to the private one: public objects are not protected,
    /// and a wrap sealed to a planted key would be the planter's.
    /// </summary>
    /// <param name="name">Which one.</param>
    /// <param name="random">For the ephemeral key of that agreement.</param>
    /// <returns>The key, good while this session is.</returns>
    /// <exception cref="HsmException">There is none or several, or it could leave the token, or may not derive.</exception>
    public HsmKey FindKey(HsmKeyName name, RandomFill random) => Run(() =>
    {
        var found = PrivateKeys(name);
        return found switch
        {
            [] => throw new HsmException(HsmFailure.KeyMissing, $"the token has no EC key with {name}; make one, or name another"),
            [var only] => Examine(only, random),
            _ => throw new HsmException(HsmFailure.KeyAmbiguous, $"the token has several keys with {name}; give label and id"),
        };
    });

    /// <summary>Makes a key pair that cannot leave the token and can do nothing but agree.</summary>
    /// <param name="label">CKA_LABEL of both halves.</param>
    /// <param name="id">CKA_ID of both halves, 1 to 64 bytes.</param>
    /// <param name="random">As with <see cref="FindKey"/>.</param>
    /// <exception cref="HsmException">One of that label or id is there, or the token refused.</exception>
    public HsmKey MakeKey(string label, ReadOnlyMemory<byte> id, RandomFill random)
    {
        if (label.Length is 0 or > 255 || id.Length is 0 or > 64)
            throw new ArgumentException("a key has a label of 1 to 255 characters and an id of 1 to 64 bytes");

        return Run(() =>
        {
            if (PrivateKeys(new HsmKeyName(label)).Length > 0 || PrivateKeys(new HsmKeyName(null, id)).Length > 0)
                throw new HsmException(
                    HsmFailure.KeyExists, $"the token has a key with label '{label}' or that id; name another, or use that one");

            var publicTemplate = Named(label, id.Span).Flag(Ck.Private, false).Bytes(Ck.EcParams, CurveOid).Flag(Ck.Derive, true)
                .Flag(Ck.Verify, false);
            var privateTemplate = Named(label, id.Span).Flag(Ck.Private, true).Flag(Ck.Sensitive, true).Flag(Ck.Extractable, false)
                .Flag(Ck.Derive, true).Flag(Ck.Sign, false);
            var (publicKey, privateKey) = Calls.GenerateKeyPair(Session, Ck.EcKeyPairGen, publicTemplate, privateTemplate);
            try
            {
                return Examine(privateKey, random);
            }
            catch
            {
                Calls.DestroyObject(Session, privateKey);
                Calls.DestroyObject(Session, publicKey);
                throw;
            }
        });
    }

    /// <summary>
    /// The agreed secret, in locked memory of the caller's. The token derives it into a session object that may be read, as the broker
    /// needs it, but serves for nothing else, and that is destroyed at once; so whoever is logged in can have any point agreed with, one
    /// by one, while the private key stays where it is.
    /// </summary>
    internal SecretBuffer Agree(ulong key, byte[] peer) => Run(() => AgreeInTurn(key, peer));

    private static Template Named(string label, ReadOnlySpan<byte> id) =>
        new Template().Flag(Ck.Token, true).Text(Ck.Label, label).Bytes(Ck.Id, id);

    private static Template Readable() => new Template()
        .Number(Ck.Class, Ck.ClassSecretKey).Number(Ck.KeyType, Ck.KeyTypeGenericSecret).Number(Ck.ValueLength, P256PrivateKey.SharedSize)
        .Flag(Ck.Token, false).Flag(Ck.Private, true).Flag(Ck.Sensitive, false).Flag(Ck.Extractable, true)
        .Flag(Ck.Encrypt, false).Flag(Ck.Decrypt, false).Flag(Ck.Sign, false).Flag(Ck.Verify, false)
        .Flag(Ck.Wrap, false).Flag(Ck.Unwrap, false).Flag(Ck.Derive, false);

    private SecretBuffer AgreeInTurn(ulong key, byte[] peer)
    {
        var shared = SecretBuffer.Allocate(P256PrivateKey.SharedSize);
        try
        {
            var derived = Calls.DeriveEcdh(Session, key, peer, Readable());
            int length;
            try
            {
                length = Calls.Read(Session, derived, Ck.Value, shared.Span);
            }
            finally
            {
                Calls.DestroyObject(Session, derived);
            }

            return length == shared.Length
                ? shared
                : throw new HsmException(
                    HsmFailure.NotSupported,
                    "the token does not let the agreed secret be read; allow it in its policy, or choose another token");
        }
        catch
        {
            shared.Dispose();
            throw;
        }
    }

    private ulong[] PrivateKeys(HsmKeyName name) => Calls.Find(Session, Half(Ck.ClassPrivateKey, name), 2);

    private static Template Half(ulong kind, HsmKeyName name)
    {
        if (name.Label is null && name.Id.IsEmpty)
            throw new ArgumentException("a key is named by its label, its id or both", nameof(name));

        var template = new Template().Number(Ck.Class, kind).Number(Ck.KeyType, Ck.KeyTypeEc);
        if (name.Label is not null)
            template.Text(Ck.Label, name.Label);
        if (!name.Id.IsEmpty)
            template.Bytes(Ck.Id, name.Id.Span);
        return template;
    }

    private HsmKey Examine(ulong key, RandomFill random)
    {
        if (Flag(key, Ck.Extractable) || !Flag(key, Ck.Sensitive))
            throw new HsmException(
                HsmFailure.KeyUnsuitable, "the key can leave the token; make one that cannot (CKA_SENSITIVE, not CKA_EXTRACTABLE)");
        if (!Flag(key, Ck.Derive))
            throw new HsmException(HsmFailure.KeyUnsuitable, "the key may not derive; make one with CKA_DERIVE");

        Span<byte> id = stackalloc byte[64];
        var length = Calls.Read(Session, key, Ck.Id, id);
        if (length <= 0)
            throw new HsmException(HsmFailure.KeyUnsuitable, "the key has no id that leads to its public half; make one that has");

        var halves = Calls.Find(Session, Half(Ck.ClassPublicKey, new HsmKeyName(null, id[..length].ToArray())), MostObjects);
        foreach (var half in (ulong[])[key, .. halves])
        {
            if (Point(half) is { } point && Belongs(key, point, random))
                return new HsmKey(this, key, point, Flag(key, Ck.NeverExtractable) && Flag(key, Ck.AlwaysSensitive));
        }

        throw new HsmException(
            HsmFailure.KeyUnsuitable, "no public key in the token belongs to the private one; import its public half, or make a pair");
    }

    private bool Belongs(ulong key, byte[] point, RandomFill random)
    {
        using var ephemeral = P256PrivateKey.Generate(random);
        using var expected = SecretBuffer.Allocate(P256PrivateKey.SharedSize);
        ephemeral.Agree(point, expected.Span);
        using var shared = AgreeInTurn(key, ephemeral.PublicKey);
        return shared.FixedTimeEquals(expected.Span);
    }

    private bool Flag(ulong key, ulong type)
    {
        Span<byte> value = stackalloc byte[1];
        return Calls.Read(Session, key, type, value) == 1 && value[0] != 0;
    }

    // The standard says a DER octet string; some tokens give the bare point.
    private byte[]? Point(ulong half)
    {
        Span<byte> value = stackalloc byte[256];
        var length = Calls.Read(Session, half, Ck.EcPoint, value);
        var point = length switch
        {
            P256Curve.PointSize => value[..length],
            P256Curve.PointSize + 2 when value.StartsWith(PointPrefix) => value[2..length],
            _ => default,
        };
        try
        {
            return point.IsEmpty ? null : Protocol.Identifiers.PublicKey.Parse(point).Bytes.ToArray();
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
