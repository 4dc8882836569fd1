using Broker.Links.Identity;
using Microsoft.AspNetCore.Connections;

namespace Broker.Links.Tls;

/// <summary>
/// Stands before the TLS handshake of a listener: bounds connections and handshakes, and sees that each connection that ends without a
/// finished handshake is counted once, with the reason that the handshake noted or, where it noted none, <c>handshake-failed</c>.
/// </summary>
internal sealed class HandshakeGate(LinkListener listener, RefusedHandshakes refused)
{
    private int _connections;
    private int _handshakes;

    /// <summary>The middleware before TLS.</summary>
    public async Task BeforeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var state = new Handshake(this);
        var admitted = Interlocked.Increment(ref _connections) <= listener.MaxConnections;
        admitted &= Interlocked.Increment(ref _handshakes) <= listener.MaxHandshakes;
        try
        {
            if (!admitted)
            {
                refused.Add(listener.Name, LinkRefusal.Busy, connection.RemoteEndPoint);
                connection.Abort(new ConnectionAbortedException("the listener is full"));
                return;
            }

            connection.Features.Set(state);
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            if (admitted && !state.Finished)
                refused.Add(listener.Name, state.Refusal ?? LinkRefusal.HandshakeFailed, connection.RemoteEndPoint);
            state.Finish();
            Interlocked.Decrement(ref _connections);
        }
    }

    /// <summary>The middleware after TLS: it only runs when the handshake was good.</summary>
    public static Task AfterAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var state = connection.Features.Get<Handshake>();
        state?.Finish();
        return next(connection);
    }

    internal sealed class Handshake(HandshakeGate gate)
    {
        public LinkRefusal? Refusal { get; set; }

        public bool Finished { get; private set; }

        public void Finish()
        {
            if (!Finished)
                Interlocked.Decrement(ref gate._handshakes);
            Finished = true;
        }
    }
}
