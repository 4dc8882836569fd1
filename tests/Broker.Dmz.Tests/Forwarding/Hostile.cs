using System.Net;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>An owner that answers forwarded calls as it likes.</summary>
internal sealed class LyingOwner(Name node, ForwardReply says) : PeerCaller(node)
{
    public override Uri Address { get; } = new("https://127.0.0.1:1");

    public override Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken) =>
        operation.Name == PeerOperations.Forward.Name
            ? Task.FromResult((TReply)(object)says)
            : throw new ZoneUnavailableException("zone-unreachable", "it does not answer", null);
}

/// <summary>A node behind a cut: what is sent to it gets no answer, and no refusal.</summary>
internal sealed class SilentPeer(Name node) : PeerCaller(node)
{
    public override Uri Address { get; } = new("https://127.0.0.1:1");

    public override async Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        throw new InvalidOperationException("it never answers");
    }
}

/// <summary>A body of which the length is told and nothing sent until the test says so.</summary>
internal sealed class StalledBody : HttpContent
{
    private readonly int _length;
    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StalledBody(int length)
    {
        _length = length;
        Headers.ContentType = new(ZoneOperations.MediaType);
    }

    public Task Began => _began.Task;

    public void End() => _end.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.FlushAsync();
        _began.TrySetResult();
        await _end.Task;
        await stream.WriteAsync(new byte[_length]);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
