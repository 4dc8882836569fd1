using System.Security.Cryptography;
using System.Text;
using Broker.Console.Audit;
using Broker.Console.Customers;
using Broker.Console.Keys;
using Broker.Console.Profiles;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Console.Users;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Console.Tests.Fuzzing;

/// <summary>
/// The files that people hand to each other, and those that the console keeps, damaged: each is read, or refused with an error that a
/// person is told in one line; what is in a key or a share is not in it.
/// </summary>
[Collection(nameof(Commands.SecretGaugeSpecs))]
public sealed class FileFuzzSpecs : IDisposable
{
    private const int Attempts = 800;

    private static readonly (Name Cluster, Name Customer) Of = (Name.Parse("cluster"), Name.Parse("acme"));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-files-");
    private readonly CustomerSecret _secret = CustomerSecret.Create(Of.Cluster, Of.Customer, 1, SystemRandom.Fill);

    private string KeyPath => Path.Combine(_directory.FullName, "key.key");

    private string FilePath => Path.Combine(_directory.FullName, "file");

    public void Dispose()
    {
        _secret.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void Damaged_share_files_should_be_refused()
    {
        using var key = Key();
        var way = CustodyWay.OfShares(
            2, [new NamedKey(Name.Parse("carol"), key.Public), new NamedKey(Name.Parse("dave"), key.Public)]);
        var shares = ShareRecord.SealAll(_secret, way, new Id16(new byte[16]), SystemRandom.Fill);
        var record = new CustodyRecord(
            Of.Cluster, Of.Customer, 1, 1, [new KeptWay(way, new Id16(new byte[16]), [.. shares.Select(static s => s.Proof)])],
            1, _secret.Identity, _secret.Intake, Digest.Zero);
        foreach (var (_, confirmation, _) in shares)
            confirmation.Dispose();
        var opened = Each(
            Files.ToJson(ShareFile.Of(record, 1, shares[0].Sealed), ConsoleJson.Default.ShareFile),
            () => ShareFile.Open(FilePath, Of.Customer, key, Of.Cluster, _secret.Identity.Fingerprint).Dispose());
        Assert.InRange(opened, 1, Attempts / 2);
    }

    [Fact]
    public void Damaged_invitations_should_be_refused()
    {
        using var key = Key();
        var invitation = new Invitation(
            Of.Cluster, Of.Customer, Name.Parse("bob"), Digest.Of([1]), Digest.Of([2]), Name.Parse("alice"),
            TimeProvider.System.GetUtcNow());
        var file = new InvitationFile(InvitationFile.Version1, SignedModel.From(key.Sign(invitation.Encode())), key.Public.Bytes.ToArray());
        Each(Files.ToJson(file, ConsoleJson.Default.InvitationFile), () => InvitationFile.Load(FilePath));
    }

    [Fact]
    public void Damaged_requests_should_be_refused()
    {
        using var key = Key();
        var payload = new PutUserPayload(Name.Parse("bob"), Role.Operator, key.Public).Encode();
        var request = new Request(
            Of.Cluster, Of.Customer, Name.Parse("alice"), UserAction.PutUser.Name, new Id16(new byte[16]), TimeProvider.System.GetUtcNow(),
            Digest.Of(payload))
            .Encode();
        var signed = new SignedRequest(request, payload, [new UserSignature(Name.Parse("alice"), key.Sign(request.AsSpan()))]);
        Each(Files.ToJson(SavedRequest.Of(signed, [1, 2, 3]), ConsoleJson.Default.SavedRequest), () => SavedRequest.Load(FilePath));
    }

    [Fact]
    public void Damaged_pins_heads_and_checkpoints_should_be_refused()
    {
        var files = new CustomerFiles(Path.Combine(_directory.FullName, "acme"));
        files.WritePin(Digest.Of([1]), Digest.Of([2]));
        files.WriteHead(new SignedModel([1, 2, 3], new byte[64]));
        files.WriteCheckpoint(new Checkpoint(3, Digest.Of([3]).ToString(), 4, Digest.Of([4]).ToString()));
        Each(Path.Combine(_directory.FullName, "acme", "pin"), () => files.Pin(Digest.Of([1])));
        Each(Path.Combine(_directory.FullName, "acme", "head"), () => files.Head());
        Each(Path.Combine(_directory.FullName, "acme", "checkpoint"), () => files.Checkpoint());
    }

    [Fact]
    public void Damaged_exports_should_be_refused()
    {
        var lines = AuditFiles.ToLine(new AuditHeader(AuditHeader.Version1, "cluster", "acme", new SignedModel([1], [2]))) + "\n" +
            AuditFiles.ToLine(new AuditLine(AuditLine.Cluster, [1, 2, 3])) + "\n";
        Each(Encoding.UTF8.GetBytes(lines), () => _ = AuditFiles.Read(FilePath).Lines.Count());
    }

    [Fact]
    public void Damaged_keys_should_be_refused_without_telling_what_they_are()
    {
        using var key = Key();
        var pem = File.ReadAllBytes(KeyPath);
        var body = Encoding.ASCII.GetString(pem).Split('\n')[1];
        Each(pem, () => KeyFiles.Load(FilePath).Dispose(), message =>
        {
            for (var at = 0; at + 12 <= body.Length; at += 4)
                Assert.DoesNotContain(body.Substring(at, 12), message, StringComparison.Ordinal);
        });
        Each(File.ReadAllBytes(KeyFiles.PublicPath(KeyPath)), () => KeyFiles.ReadPublic(FilePath));
    }

    private SigningKey Key()
    {
        KeyFiles.Generate(KeyPath, SystemRandom.Fill);
        return KeyFiles.Load(KeyPath);
    }

    private static int Each(string path, Action read) => Each(path, File.ReadAllBytes(path), read, null);

    private int Each(byte[] valid, Action read, Action<string>? inspect = null)
    {
        Files.Create(FilePath, valid);
        var opened = Each(FilePath, valid, read, inspect);
        File.Delete(FilePath);
        return opened;
    }

    private static int Each(string path, byte[] valid, Action read, Action<string>? inspect)
    {
        var opened = 0;
        read();
        Fuzz.Each(Attempts, random =>
        {
            // Over the file that is there: its mode stays, and no disk is waited for.
            File.WriteAllBytes(path, Damage.Of(valid, random));
            var live = SecretMemory.Default.LiveBytes;
            try
            {
                read();
                opened++;
            }
            catch (Exception e) when (e is CommandException or SealedDataException or MalformedException or CryptographicException)
            {
                Assert.NotEmpty(e.Message);
                inspect?.Invoke(e.ToString());
            }

            // Less than before is an earlier test's buffer that the collector found.
            Assert.InRange(SecretMemory.Default.LiveBytes, 0, live);
        });
        Assert.NotEqual(Attempts, opened);
        return opened;
    }
}
