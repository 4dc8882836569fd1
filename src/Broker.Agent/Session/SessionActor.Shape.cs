namespace Broker.Agent.Session;

/// <summary>What can be seen of a session from outside without asking it: for tests that replay a world, between turns only.</summary>
/// <param name="IsLinked">Whether there is a link.</param>
/// <param name="IsHandshaking">Whether the owner's third message is awaited.</param>
/// <param name="IsLive">Whether there is a session.</param>
internal readonly record struct SessionShape(bool IsLinked, bool IsHandshaking, bool IsLive);

/// <content>The shape.</content>
internal sealed partial class SessionActor
{
    /// <summary>What can be seen from outside.</summary>
    internal SessionShape Shape => new(_link is not null, _handshake is not null, _live is not null);
}
