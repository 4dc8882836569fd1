using Broker.CredentialZone.Ledger;
using Broker.Host;
using Broker.Links.Identity;

namespace Broker.CredentialZone.Node;

/// <summary>Loads the key that signs the ledger: a file with mode 0600 and a certificate of role <c>ledger</c> under the root.</summary>
internal static class LedgerKeys
{
    /// <summary>Reads key and certificate.</summary>
    /// <exception cref="InstallationKeyException">A file cannot be used.</exception>
    /// <exception cref="StartException">The certificate has another role.</exception>
    public static LedgerSigner Load(string certificate, string key, LinkTrust trust)
    {
        var loaded = InstallationKey.Load(certificate, key, trust);
        if (loaded.Identity.Role == LinkRole.Ledger)
        {
            return new LedgerSigner(loaded.PublicKey, loaded.ChainDer[0], loaded.Sign, loaded);
        }

        var role = loaded.Identity.Role.Text();
        loaded.Dispose();
        throw new StartException($"{certificate} has the role {role}, and the ledger needs one of role ledger; issue it by brokerctl ca issue ledger");
    }
}
