using Broker.Links.Peers;
using Broker.Links.Versions;
using Broker.Links.Zone;
using Broker.Protocol.Tests.Baselines;
using Google.Protobuf;

namespace Broker.Dmz.Tests.Upgrading;

/// <summary>
/// A node of version 1 of the link: it reads nothing of what it is asked, and says nothing of what it answers, that the released contract
/// of that version does not have.
/// </summary>
internal sealed class OldPeer(PeerCaller inner) : PeerCaller(inner.Node)
{
    private static readonly WireBytes Known = new(WireContract.Parse(Lines()));

    public override Uri Address => inner.Address;

    public override uint Version => LinkVersion.Unannounced;

    public override async Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken) =>
        AsRead(await inner.CallAsync(operation, AsRead(request), cancellationToken));

    private static T AsRead<T>(T message)
        where T : IMessage<T>, new()
    {
        var read = new T();
        read.MergeFrom(Known.Read(message.Descriptor.FullName, message.ToByteArray()));
        return read;
    }

    private static string[] Lines()
    {
        using var stream = typeof(OldPeer).Assembly.GetManifestResourceStream("peer-wire-1.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

/// <summary>A node that is two versions away: it says so, and says who it is.</summary>
internal sealed class FarPeer(PeerCaller inner, uint version = LinkVersion.Current + 2) : PeerCaller(inner.Node)
{
    public override Uri Address => inner.Address;

    public override uint Version { get; } = version;

    public override Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken) =>
        operation.AnyVersion
            ? inner.CallAsync(operation, request, cancellationToken)
            : throw new ZoneRefusedException(LinkVersion.TooFar, LinkVersion.Advice(Version));
}
