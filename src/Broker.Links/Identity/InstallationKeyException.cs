namespace Broker.Links.Identity;

/// <summary>
/// A certificate or key file of the installation cannot be used. The message says what to do; it never holds a part of a key.
/// </summary>
public sealed class InstallationKeyException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong and what to do next, lower case.</param>
    public InstallationKeyException(string message)
        : base(message)
    {
    }
}
