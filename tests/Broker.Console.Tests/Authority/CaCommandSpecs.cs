using System.Diagnostics;
using System.Text.Json;
using Broker.Console.Shell;
using Broker.Console.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Issuing;

namespace Broker.Console.Tests.Authority;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class CaCommandSpecs : IDisposable
{
    private const string Words = "correct horse battery staple";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-ca-");

    private string Ca => Path.Combine(_directory.FullName, "ca");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Init_should_make_a_root_that_the_links_take_as_theirs()
    {
        var reply = Json(Init("--output", "json"));
        var trust = LinkTrust.Load(Path.Combine(Ca, "root.crt"));
        Assert.Equal(trust.Cluster.Value, reply.GetProperty("cluster").GetString());
        Assert.Equal(32, trust.Cluster.Value.Length);
        Assert.Equal(trust.Fingerprint.ToString(), reply.GetProperty("rootFingerprint").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode("root.key"));
        Assert.StartsWith(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----", File.ReadAllText(Path.Combine(Ca, "root.key")), StringComparison.Ordinal);
        Assert.Contains(trust.Fingerprint.ToString(), Good("ca", "show", "-d", Ca), StringComparison.Ordinal);
    }

    [Fact]
    public void Init_should_not_overwrite_a_root()
    {
        Init();
        var before = File.ReadAllBytes(Path.Combine(Ca, "root.key"));
        Assert.Contains("never overwritten", Bad("ca", "init", "-d", Ca, "--name", "other", "--passphrase-file", PassphraseFile(Words)),
            StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Ca, "root.key")));
    }

    [Theory]
    [InlineData(LinkRole.Dmz, false, "node", "--role", "dmz")]
    [InlineData(LinkRole.Zone, false, "node", "--role", "zone")]
    [InlineData(LinkRole.Console, false, "console")]
    [InlineData(LinkRole.Console, true, "console", "--enrol")]
    [InlineData(LinkRole.Ledger, false, "ledger")]
    public void Issued_files_should_load_with_their_role(LinkRole role, bool enrol, params string[] verb)
    {
        Init();
        Issue("one", verb);
        using var key = InstallationKey.Load(Path.Combine(Ca, "one.crt"), Path.Combine(Ca, "one.key"), Trust());
        Assert.Equal((role, "one", enrol), (key.Identity.Role, key.Identity.Name.Value, key.Identity.MayEnrol));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode("one.key"));
    }

    [Fact]
    public void Agent_issuer_should_issue_agents_and_nothing_else()
    {
        Init();
        Issue("agents", "agent-issuer");
        using var issuer = CertificateIssuer.LoadAgentIssuer(
            Path.Combine(Ca, "agents.crt"), Path.Combine(Ca, "agents.key"), Trust(), Secrets.SystemRandom.Fill);
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var subject = Protocol.Identifiers.PublicKey.From(key);
        var now = TimeProvider.System.GetUtcNow();
        var name = Protocol.Identifiers.Name.Parse("web-1");
        using var leaf = issuer.Issue(
            new SpiffeId(Trust().Cluster, LinkRole.Agent, Protocol.Identifiers.Name.Parse("acme"), name), subject, now,
            TimeSpan.FromDays(1));
        Assert.True(SignedByCertificate.TryIdentify([leaf.RawData, issuer.Certificate.RawData], Trust(), now, out var agent, out _));
        Assert.Equal("agent/acme/web-1", agent.Path);
        Assert.Throws<ArgumentException>(
            () => issuer.Issue(new SpiffeId(Trust().Cluster, LinkRole.Dmz, null, name), subject, now, TimeSpan.FromDays(1)));
    }

    [Fact]
    public void Wrong_passphrase_should_issue_nothing()
    {
        Init();
        var error = Bad(
            "ca", "issue", "ledger", "-d", Ca, "--name", "one", "--passphrase-file", PassphraseFile("wrong horse battery staple"));
        Assert.Contains("passphrase is wrong", error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Ca, "one.key")));
    }

    [Fact]
    public void Passphrase_file_that_others_may_read_should_be_refused_with_the_remedy()
    {
        var file = PassphraseFile(Words);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains(
            "chmod 600 " + file, Bad("ca", "init", "-d", Ca, "--name", "test", "--passphrase-file", file), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Ca));
    }

    [Fact]
    public void Key_file_that_others_may_read_should_be_refused_with_the_remedy()
    {
        Init();
        Issue("one", "console");
        var file = Path.Combine(Ca, "one.key");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var error = Assert.Throws<InstallationKeyException>(() => InstallationKey.Load(Path.Combine(Ca, "one.crt"), file, Trust()));
        Assert.Contains("chmod 600 " + file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Short_passphrase_should_be_refused() => Assert.Contains(
        "shorter than", Bad("ca", "init", "-d", Ca, "--name", "test", "--passphrase-file", PassphraseFile("short")),
        StringComparison.Ordinal);

    [Fact]
    public void Issue_should_not_overwrite_and_should_refuse_bad_names_and_days()
    {
        Init();
        Issue("one", "console");
        string[] passphrase = ["--passphrase-file", PassphraseFile(Words)];
        Assert.Contains(
            "never overwritten", Bad(["ca", "issue", "console", "-d", Ca, "--name", "one", .. passphrase]), StringComparison.Ordinal);
        Assert.Contains("a-z", Bad(["ca", "issue", "console", "-d", Ca, "--name", "One", .. passphrase]), StringComparison.Ordinal);
        Assert.Contains(
            "--days", Bad(["ca", "issue", "console", "-d", Ca, "--name", "two", "--days", "0", .. passphrase]), StringComparison.Ordinal);
    }

    [Fact]
    public void Key_of_another_certificate_should_be_refused()
    {
        Init();
        Issue("one", "console");
        Issue("two", "console");
        Assert.Throws<InstallationKeyException>(
            () => InstallationKey.Load(Path.Combine(Ca, "one.crt"), Path.Combine(Ca, "two.key"), Trust()));
    }

    [SkippableFact]
    public void Openssl_should_verify_what_was_issued()
    {
        Skip.If(OpenSsl("version") is null, "openssl is not installed");
        Init();
        Issue("dmz-1", "node", "--role", "dmz", "--host", "gateway.test", "--host", "127.0.0.1");
        Issue("agents", "agent-issuer");
        string root = Path.Combine(Ca, "root.crt"), node = Path.Combine(Ca, "dmz-1.crt"), issuer = Path.Combine(Ca, "agents.crt");
        Assert.Contains("OK", OpenSsl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, node), StringComparison.Ordinal);
        Assert.Contains("OK", OpenSsl("verify", "-x509_strict", "-CAfile", root, issuer), StringComparison.Ordinal);
        var text = OpenSsl("x509", "-noout", "-text", "-in", node)!;
        Assert.Contains(
            $"URI:spiffe://{Trust().Cluster}/dmz/dmz-1, DNS:gateway.test, IP Address:127.0.0.1", text, StringComparison.Ordinal);
        Assert.Contains("prime256v1", text, StringComparison.Ordinal);
        Assert.Contains("CA:TRUE, pathlen:0", OpenSsl("x509", "-noout", "-text", "-in", issuer), StringComparison.Ordinal);
        Assert.Contains("Private-Key: (256 bit)", OpenSsl("pkey", "-noout", "-text", "-in", Path.Combine(Ca, "root.key"), "-passin",
            "file:" + PassphraseFile(Words)), StringComparison.Ordinal);
        var fingerprint = OpenSsl("x509", "-noout", "-fingerprint", "-sha256", "-in", root)!.Trim().Split('=')[1].Replace(
            ":", "", StringComparison.Ordinal);
        Assert.Equal(Trust().Fingerprint.ToString(), fingerprint, ignoreCase: true);
    }

    private static string? OpenSsl(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    // What these commands do is done when they return: none of them waits for anything.
    private static Ran Run(string[] arguments) => new Brokerctl("none").RunAsync(arguments).GetAwaiter().GetResult();

    private static string Good(params string[] arguments)
    {
        var ran = Run(arguments);
        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        return ran.Output;
    }

    private static string Bad(params string[] arguments)
    {
        var ran = Run(arguments);
        Assert.Equal((ExitCode.Usage, ""), (ran.Exit, ran.Output));
        Assert.StartsWith("brokerctl: usage: ", ran.Error, StringComparison.Ordinal);
        return ran.Error;
    }

    private string Init(params string[] more) =>
        Good(["ca", "init", "-d", Ca, "--name", "test", "--passphrase-file", PassphraseFile(Words), .. more]);

    private void Issue(string name, params string[] verb) =>
        Good(["ca", "issue", .. verb, "-d", Ca, "--name", name, "--passphrase-file", PassphraseFile(Words)]);

    private LinkTrust Trust() => LinkTrust.Load(Path.Combine(Ca, "root.crt"));

    private UnixFileMode Mode(string name) => File.GetUnixFileMode(Path.Combine(Ca, name));

    private string PassphraseFile(string text)
    {
        var path = Path.Combine(_directory.FullName, Path.GetRandomFileName());
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
        return path;
    }
}
