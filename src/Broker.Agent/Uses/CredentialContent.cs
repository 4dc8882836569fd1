using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Agent.Uses;

/// <summary>One credential in locked memory, owned by whoever holds this object.</summary>
/// <param name="credential">Its name.</param>
/// <param name="content">Its bytes; owned by this object from here on.</param>
internal sealed class CredentialContent(Name credential, SecretBuffer content) : IDisposable
{
    internal Name Credential { get; } = credential;

    internal SecretBuffer Content { get; } = content;

    /// <summary>Wipes.</summary>
    public void Dispose() => Content.Dispose();
}
