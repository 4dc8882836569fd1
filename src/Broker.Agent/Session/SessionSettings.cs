namespace Broker.Agent.Session;

/// <summary>How the agent keeps its session.</summary>
internal sealed record SessionSettings
{
    /// <summary>
    /// Before the first new attempt to connect; doubled for each further one, with a random part of up to a half taken off.
    /// </summary>
    internal required TimeSpan ReconnectFrom { get; init; }

    /// <summary>The longest such wait.</summary>
    internal required TimeSpan ReconnectTo { get; init; }

    /// <summary>Between the agent's hello and the owner's third message.</summary>
    internal required TimeSpan HandshakeTimeout { get; init; }

    /// <summary>The longest life of a session, at most an hour; then the link is made anew.</summary>
    internal required TimeSpan SessionLife { get; init; }

    /// <summary>Between two requests to renew the grant that are not answered.</summary>
    internal required TimeSpan RenewRetry { get; init; }
}
