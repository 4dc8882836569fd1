using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Agent.State;

/// <summary>
/// What enrolment yielded: the agent's key, its grant, its certificate, and whom it believes. One owner, who disposes it.
/// </summary>
internal sealed class Enrolled : IDisposable
{
    private const string KeyFile = "agent.key";
    private const string CertificateFile = "agent.crt";
    private const string RootFile = "root.crt";
    private const string GrantFile = "grant";
    private const string Label = "broker/agent-grant/1";

    private readonly StateDirectory _directory;

    /// <summary>Takes what was verified; key and link are owned from here on.</summary>
    internal Enrolled(StateDirectory directory, Grant grant, PublicKey identity, P256PrivateKey key, InstallationKey link)
    {
        _directory = directory;
        Grant = grant;
        Identity = identity;
        Key = key;
        Link = link;
    }

    /// <summary>The grant, verified.</summary>
    internal Grant Grant { get; private set; }

    /// <summary>The customer's identity key: the one that the token's fingerprint pinned, or one that followed it.</summary>
    internal PublicKey Identity { get; private set; }

    /// <summary>The agent's key, which signs its hellos.</summary>
    internal P256PrivateKey Key { get; }

    /// <summary>The same key with its certificate, for TLS.</summary>
    internal InstallationKey Link { get; private set; }

    /// <summary>Whether a directory holds an enrolment.</summary>
    internal static bool Exists(StateDirectory directory) => directory.Has(GrantFile);

    /// <summary>The grant of an enrolment, unverified; null where there is none.</summary>
    internal static Grant? ReadGrant(StateDirectory directory)
    {
        if (directory.Read(GrantFile) is not { } bytes)
            return null;

        var r = new EncReader(bytes, Label);
        return Signed.ReadFrom(ref r).Read<Grant>();
    }

    /// <summary>Keeps an enrolment; the grant last, since its file says that all of them are there.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="scalar">The agent's private key; stays the caller's to wipe.</param>
    /// <param name="trust">The root.</param>
    /// <param name="certificates">DER: the agent's certificate, then the agents' issuer.</param>
    /// <param name="grant">The grant, verified by the caller.</param>
    /// <param name="identity">The key that signed it.</param>
    internal static void Save(
        StateDirectory directory, SecretBuffer scalar, LinkTrust trust, IEnumerable<byte[]> certificates, Signed grant, PublicKey identity)
    {
        using (var pem = P256Pem.Write(scalar.Span))
            directory.Write(KeyFile, pem.Span);
        directory.Write(RootFile, Pem([trust.Root.RawData]));
        SaveGrant(directory, certificates, grant, identity);
    }

    /// <summary>Removes an enrolment that proved to be no good.</summary>
    internal static void Remove(StateDirectory directory)
    {
        foreach (var name in (ReadOnlySpan<string>)[GrantFile, CertificateFile, RootFile, KeyFile])
            File.Delete(directory[name]);
    }

    /// <summary>Reads an enrolment and checks it against itself and this boot.</summary>
    /// <exception cref="AgentException">There is none, it is damaged, or it is over and was granted under another boot.</exception>
    internal static Enrolled Load(StateDirectory directory, Id16 boot, DateTimeOffset now)
    {
        if (directory.Read(GrantFile) is not { } bytes)
            throw new AgentException("this agent is not enrolled; run: broker-agent enrol --token-file FILE", "not-enrolled");

        P256PrivateKey? key = null;
        try
        {
            var r = new EncReader(bytes, Label);
            var (signed, identity) = (Signed.ReadFrom(ref r), r.Key());
            r.End();
            var grant = signed.Read<Grant>();
            using (var pem = directory.ReadSecret(KeyFile))
                key = P256PrivateKey.FromPkcs8Pem(pem);
            if (!signed.IsBy(identity) || grant.Identity != identity.Fingerprint || !grant.Key.Equals(PublicKey.Parse(key.PublicKey)))
                throw new AgentException("the grant does not fit the key beside it; enrol this agent again", "state-damaged");
            if (grant.Boot != boot && grant.NotAfter <= now)
                throw new AgentException("the grant is over and the machine was started anew since; enrol this agent again", "other-boot");

            var link = InstallationKey.Load(directory[CertificateFile], directory[KeyFile], LinkTrust.Load(directory[RootFile]));
            return new Enrolled(directory, grant, identity, key, link);
        }
        catch (Exception e)
        {
            key?.Dispose();
            if (e is MalformedException or CryptographicException or InstallationKeyException)
                throw new AgentException("the files of the enrolment are damaged; enrol this agent again", "state-damaged", e);
            throw;
        }
    }

    /// <summary>Takes over a renewed grant with its certificate, after verifying that it renews this one.</summary>
    /// <param name="renewed">The grant and its signature.</param>
    /// <param name="identity">The identity of the session in which it came: the pinned one, or verified to follow it.</param>
    /// <param name="boot">This boot, which it must be for.</param>
    /// <param name="certificates">DER: the agent's certificate, then the agents' issuer.</param>
    /// <returns>A stable code of what is wrong, or null; nothing has changed then.</returns>
    internal string? Renew(Signed renewed, PublicKey identity, Id16 boot, IReadOnlyList<byte[]> certificates)
    {
        Grant grant;
        try
        {
            grant = renewed.Read<Grant>();
        }
        catch (MalformedException)
        {
            return "grant-malformed";
        }

        if (!renewed.IsBy(identity))
            return "grant-bad-signature";
        if (grant.Cluster != Grant.Cluster || grant.Customer != Grant.Customer || grant.Agent != Grant.Agent || !grant.Key.Equals(Grant.Key)
            || grant.Identity != identity.Fingerprint || grant.Epoch < Grant.Epoch || grant.Boot != boot)
            return "grant-of-another";
        if (grant.NotAfter <= Grant.NotAfter)
            return "grant-not-later";

        InstallationKey link;
        try
        {
            link = InstallationKey.Create(Certificates(certificates), PemFiles.ReadKey(_directory[KeyFile]), Link.Trust);
        }
        catch (Exception e) when (e is InstallationKeyException or CryptographicException)
        {
            return "certificate-invalid";
        }

        SaveGrant(_directory, certificates, renewed, identity);
        (Grant, Identity) = (grant, identity);
        Link.Dispose();
        Link = link;
        return null;
    }

    public void Dispose()
    {
        Key.Dispose();
        Link.Dispose();
    }

    /// <summary>Reads certificates that came over a link.</summary>
    /// <exception cref="CryptographicException">One of them is none.</exception>
    internal static X509Certificate2Collection Certificates(IEnumerable<byte[]> der) =>
        [.. der.Select(static c => X509CertificateLoader.LoadCertificate(c))];

    private static void SaveGrant(StateDirectory directory, IEnumerable<byte[]> certificates, Signed grant, PublicKey identity)
    {
        directory.Write(CertificateFile, Pem(certificates));
        directory.Write(GrantFile, new EncWriter(Label).Bytes(grant.Statement.Span).Bytes(grant.Signature.Span).Key(identity).ToArray());
    }

    private static byte[] Pem(IEnumerable<byte[]> certificates) =>
        System.Text.Encoding.ASCII.GetBytes(
            string.Concat(certificates.Select(static c => PemEncoding.WriteString("CERTIFICATE", c) + "\n")));
}
