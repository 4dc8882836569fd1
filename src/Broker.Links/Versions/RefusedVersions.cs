using System.Collections.Concurrent;
using Broker.Links.Identity;
using Microsoft.Extensions.Logging;

namespace Broker.Links.Versions;

/// <summary>Tells who came with a version too far away: the first time, then at most once a minute for each peer. Thread-safe.</summary>
internal sealed partial class RefusedVersions(ILogger log, TimeProvider time)
{
    private const int MaxPeers = 1024;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _told = new();

    /// <summary>Tells of one.</summary>
    public void Add(PeerIdentity peer, uint version)
    {
        var now = time.GetTimestamp();
        if (_told.TryGetValue(peer.Path, out var at) && time.GetElapsedTime(at, now) < Window)
            return;
        if (_told.Count >= MaxPeers)
            _told.Clear();
        _told[peer.Path] = now;
        LogTooFar(log, peer.Path, version, LinkVersion.Current);
    }

    [LoggerMessage(
        1103, LogLevel.Error,
        "{Peer} speaks version {Version} of the link and this node {Own}: nothing is done for it; upgrade one at a time")]
    private static partial void LogTooFar(ILogger log, string peer, uint version, uint own);
}
