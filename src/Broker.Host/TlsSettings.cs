using Broker.Configuration;
using Broker.Links.Identity;

namespace Broker.Host;

/// <summary>The section <c>broker.tls</c>: this node's certificate.</summary>
/// <param name="Root">The installation's root certificate.</param>
/// <param name="Certificate">This node's chain.</param>
/// <param name="Key">Its private key.</param>
public sealed record TlsSettings(string Root, string Certificate, string Key)
{
    /// <summary>Reads the section.</summary>
    /// <param name="reader">At <c>broker.tls</c>.</param>
    public static TlsSettings Read(SettingsReader reader) => new(reader.Path("root"), reader.Path("certificate"), reader.Path("key"));

    /// <summary>Reads the files and checks that they are of the expected role.</summary>
    /// <param name="role">The role of this executable.</param>
    /// <exception cref="InstallationKeyException">A file cannot be used.</exception>
    /// <exception cref="StartException">The certificate has another role.</exception>
    public InstallationKey Load(LinkRole role)
    {
        var key = InstallationKey.Load(Certificate, Key, LinkTrust.Load(Root));
        if (key.Identity.Role == role)
            return key;
        var actual = key.Identity.Role.Text();
        key.Dispose();
        throw new StartException(
            $"{Certificate} has the role {actual}, and this node needs {role.Text()}; issue one by brokerctl ca issue node");
    }
}
