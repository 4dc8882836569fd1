using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;

namespace Broker.Links.Peers;

/// <summary>Calls one other node of the DMZ, whose certificate must have the role <c>dmz</c> and the node's name. Thread-safe.</summary>
public sealed class PeerClient : PeerCaller, IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly ZoneClient _client;

    /// <summary>Creates the client; connects at the first call.</summary>
    /// <param name="node">The node that must answer.</param>
    /// <param name="address">Base address of its peer listener, <c>https://host:port</c>.</param>
    /// <param name="key">This node's certificate, of role <c>dmz</c>.</param>
    /// <param name="time">Measures deadlines.</param>
    /// <param name="connectTimeout">How long connecting may take, handshake included; null: as of <see cref="ZoneClientOptions"/>.</param>
    public PeerClient(Name node, Uri address, InstallationKey key, TimeProvider time, TimeSpan? connectTimeout = null)
        : base(node)
    {
        Address = address;
        var options = new ZoneClientOptions([address])
        {
            Deadline = Deadline,
            Server = new LinkServer(LinkRole.Dmz, node),
            ConnectionLost = OnLost,
        };
        _client = new ZoneClient(connectTimeout is { } limit ? options with { ConnectTimeout = limit } : options, key, time);
    }

    /// <inheritdoc/>
    public override Uri Address { get; }

    /// <inheritdoc/>
    public override uint Version => _client.LastVersion;

    /// <inheritdoc/>
    public override Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken) =>
        _client.CallAsync(operation, request, cancellationToken);

    /// <summary>Closes all connections.</summary>
    public void Dispose() => _client.Dispose();
}
