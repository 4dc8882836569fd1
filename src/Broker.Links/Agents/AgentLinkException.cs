namespace Broker.Links.Agents;

/// <summary>The agent link cannot go on. The code is stable; where the other end was at fault it was told by a goodbye.</summary>
public sealed class AgentLinkException : Exception
{
    /// <summary>A frame over <see cref="FrameSocket.MaxFrameBytes"/>.</summary>
    public const string TooLarge = "frame-too-large";

    /// <summary>A message that is not one frame: text, bytes that are not protobuf, a kind that is not known.</summary>
    public const string Malformed = "frame-malformed";

    /// <summary>More senders wait than <see cref="FrameSocket.MaxWaitingSenders"/>: the other end does not read.</summary>
    public const string Busy = "link-busy";

    /// <summary>The connection ended without a goodbye.</summary>
    public const string Lost = "link-lost";

    internal AgentLinkException(string code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>One of the constants.</summary>
    public string Code { get; }
}
