using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;

namespace Broker.Secrets.Tests;

/// <summary>The header that the tests of sessions send.</summary>
internal static class Messages
{
    internal static MessageHeader Header { get; } = new(
        Digest.Zero, "", 0, MessageType.Envelope, Custody.Acme, Handshake.Boot, Digest.Of("request"u8), 1, 7, 11,
        [new EnvelopeItem(Rows.Credential, 3, CredentialKind.Password, Name.Parse("hold"), 6)], DateTimeOffset.UnixEpoch.AddDays(20_000));
}
