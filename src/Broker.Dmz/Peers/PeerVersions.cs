using System.Collections.Concurrent;
using Broker.Links.Peers;
using Broker.Links.Versions;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Peers;

/// <summary>Tells once of each peer whose version of the link is too far away, and once when it is near again. Thread-safe.</summary>
internal sealed partial class PeerVersions(ILogger log)
{
    private readonly ConcurrentDictionary<Name, uint> _far = new();

    /// <summary>Peers that are too far away, with what they speak.</summary>
    public IReadOnlyDictionary<Name, uint> Far => _far;

    /// <summary>A peer was asked who it is.</summary>
    public void Looked(PeerCaller peer)
    {
        var version = peer.Version;
        if (version == 0 || LinkVersion.IsNear(version))
        {
            if (version != 0 && _far.TryRemove(peer.Node, out _))
            {
                Log.Near(log, peer.Node, version);
            }

            return;
        }

        if (!_far.TryGetValue(peer.Node, out var told) || told != version)
        {
            _far[peer.Node] = version;
            Log.TooFar(log, peer.Node, version, LinkVersion.Current);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2621, LogLevel.Error,
            "peer {Peer} speaks version {Version} of the link and this node {Own}: nothing is done for it; upgrade one at a time")]
        public static partial void TooFar(ILogger log, Name peer, uint version, uint own);

        [LoggerMessage(2622, LogLevel.Information, "peer {Peer} speaks version {Version} of the link now")]
        public static partial void Near(ILogger log, Name peer, uint version);
    }
}
