using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

public sealed class CustomerSecretSpecs : GaugedSpecs
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Key_pairs_should_be_the_ones_of_the_protocol(int epoch)
    {
        var random = new RecordingRandom(1);
        using var secret = CustomerSecret.Create(Custody.Cluster, Custody.Acme, (uint)epoch, random.Fill);
        var root = Assert.Single(random.Fills);

        Assert.Equal(CustomerSecret.Length, root.Length);
        Assert.Equal(Derived(root, "broker/identity/1", (uint)epoch), secret.Identity.Bytes);
        Assert.Equal(Derived(root, "broker/intake/1", (uint)epoch), secret.Intake.Bytes);
    }

    [Fact]
    [Trait("Invariant", "I1")]
    public void Same_bytes_should_give_other_keys_to_each_cluster_customer_and_epoch()
    {
        (Name Cluster, Name Customer, uint Epoch)[] owners =
        [
            (Custody.Cluster, Custody.Acme, 1), (Custody.Cluster, Custody.Acme, 2), (Custody.Cluster, Custody.Other, 1),
            (Custody.Other, Custody.Acme, 1), (Custody.Acme, Custody.Cluster, 1),
        ];
        var keys = new HashSet<PublicKey>();
        foreach (var (cluster, customer, epoch) in owners)
        {
            using var secret = CustomerSecret.Take(SecretBuffer.CopyOf(new byte[32]), cluster, customer, epoch);
            Assert.True(keys.Add(secret.Identity) & keys.Add(secret.Intake));
        }
    }

    [Fact]
    public void Statement_should_verify_under_the_identity_only()
    {
        using var secret = Custody.NewSecret(Custody.Acme);

        var signed = secret.Sign("statement"u8.ToArray());

        Assert.True(signed.IsBy(secret.Identity));
        Assert.False(signed.IsBy(secret.Intake));
    }

    [Fact]
    public void Upload_should_open_only_at_its_customer_and_bound_to_what_was_signed()
    {
        using var secret = Custody.NewSecret(Custody.Acme);
        using var other = Custody.NewSecret(Custody.Acme);
        var upload = Hpke.Seal(secret.Intake.Bytes.Span, "info"u8, "data"u8, "secret"u8, SystemRandom.Fill);

        using var opened = secret.OpenUpload("info"u8, "data"u8, upload);

        Assert.True(opened.FixedTimeEquals("secret"u8));
        Assert.Throws<SealedDataException>(() => other.OpenUpload("info"u8, "data"u8, upload));
        Assert.Throws<SealedDataException>(() => secret.OpenUpload("Info"u8, "data"u8, upload));
        Assert.Throws<SealedDataException>(() => secret.OpenUpload("info"u8, "Data"u8, upload));
        Assert.Throws<SealedDataException>(() => secret.OpenUpload("info"u8, "data"u8, upload.AsSpan(0, 20)));
    }

    [Fact]
    [Trait("Invariant", "I4")]
    public void Wiped_secret_should_do_nothing_any_more()
    {
        var secret = Custody.NewSecret(Custody.Acme);
        secret.Dispose();
        secret.Dispose();

        Assert.Throws<ObjectDisposedException>(() => secret.Sign("statement"u8.ToArray()));
        Assert.Throws<ObjectDisposedException>(() => secret.OpenUpload([], [], new byte[200]));
        Assert.Throws<ObjectDisposedException>(() => secret.Split(2, 3, SystemRandom.Fill));
        Assert.Throws<ObjectDisposedException>(() => RowCipher.Seal(secret, Rows.Header(0), [], SystemRandom.Fill));
    }

    [Theory]
    [Trait("Invariant", "I5")]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Secret_of_another_length_should_be_refused_and_wiped(int length)
    {
        var wrong = SecretBuffer.Allocate(length);

        Assert.Throws<ArgumentException>(() => CustomerSecret.Take(wrong, Custody.Cluster, Custody.Acme, 1));
        Assert.True(wrong.IsEmptied);
    }

    [Fact]
    [Trait("Invariant", "I5")]
    public void Failing_randomness_should_keep_no_secret() => Assert.Throws<InvalidOperationException>(
        static () => CustomerSecret.Create(Custody.Cluster, Custody.Acme, 1, static _ => throw new InvalidOperationException()));

    private static byte[] Derived(byte[] root, string label, uint epoch)
    {
        var info = Independent.Enc(label, Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(epoch));
        using var pair = P256PrivateKey.DeriveKeyPair(Independent.Expand(root, info, 32));
        return pair.PublicKey;
    }
}
