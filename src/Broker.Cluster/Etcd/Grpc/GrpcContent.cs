using System.Net;
using System.Net.Http.Headers;

namespace Broker.Cluster.Etcd.Grpc;

/// <summary>Whether a request has begun to leave.</summary>
internal sealed class Sent
{
    private volatile bool _isSent;

    public bool IsSent => _isSent;

    public void Mark() => _isSent = true;
}

/// <summary>One frame as the body of a request. Until it is asked for, the request cannot have had an effect.</summary>
internal sealed class GrpcContent : HttpContent
{
    private readonly byte[] _frame;
    private readonly Sent? _sent;

    public GrpcContent(byte[] frame, Sent? sent)
    {
        _frame = frame;
        _sent = sent;
        Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _sent?.Mark();
        return stream.WriteAsync(_frame, cancellationToken).AsTask();
    }

    // gRPC has no content-length.
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
