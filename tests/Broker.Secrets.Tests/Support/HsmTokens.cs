namespace Broker.Secrets.Tests;

/// <summary>
/// What a token's own interface offers and the broker does not: to bring objects along, to count them, to end things unasked.
/// </summary>
internal static class HsmTokens
{
    internal static ulong Create(this HsmToken token, Template template) => token.Run(() =>
        token.Calls.CreateObject(token.Session, template));

    internal static int Count(this HsmToken token, Template template) => token.Run(() =>
        token.Calls.Find(token.Session, template, 16).Length);

    /// <summary>Does something to the session that the token's object does not hear of.</summary>
    internal static void Behind(this HsmToken token, Action<Cryptoki, ulong> action) => token.Run(() =>
    {
        action(token.Calls, token.Session);
        return true;
    });
}
