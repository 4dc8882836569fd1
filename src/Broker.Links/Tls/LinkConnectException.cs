using Broker.Links.Identity;

namespace Broker.Links.Tls;

/// <summary>
/// No link came to be: nothing of any request was sent. Arrives as the inner exception of <see cref="HttpRequestException"/> or
/// <see cref="System.Net.WebSockets.WebSocketException"/>; <see cref="In"/> finds it.
/// </summary>
public sealed class LinkConnectException : IOException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What happened, lower case.</param>
    /// <param name="refusal">Why the server's identity was refused; null when none was reached.</param>
    /// <param name="inner">The cause, for logs.</param>
    public LinkConnectException(string message, LinkRefusal? refusal, Exception? inner)
        : base(message, inner) => Refusal = refusal;

    /// <summary>Why the server's identity was refused; null when the server was not reached or ended the handshake itself.</summary>
    public LinkRefusal? Refusal { get; }

    /// <summary>Finds the error among an exception and its causes.</summary>
    public static LinkConnectException? In(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is LinkConnectException connect)
                return connect;
        }

        return null;
    }
}
