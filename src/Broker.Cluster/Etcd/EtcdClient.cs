using System.Net;
using System.Runtime.CompilerServices;
using Broker.Cluster.Etcd.Grpc;
using Broker.Cluster.Etcd.Wire;
using Broker.Protocol.Encoding;
using Broker.Protocol.Wire;
using Google.Protobuf;

namespace Broker.Cluster.Etcd;

/// <summary>
/// A client of etcd v3: gRPC over HTTP/2 with mutual TLS. Its endpoints are tried in turn, each for a bounded time; a call that may have
/// had its effect is repeated only where that does no harm. Every call asks for a member that has a leader, so that one which is cut off
/// from the others errs instead of hanging (E6). Thread-safe.
/// </summary>
internal sealed class EtcdClient : IDisposable
{
    private readonly EtcdClientOptions _options;
    private readonly TimeProvider _time;
    private readonly EtcdTls _tls;
    private readonly HttpMessageInvoker _http;
    private readonly Lock _lock = new();
    private CancellationTokenSource _left = new();
    private uint _preferred;

    /// <summary>Creates the client; connects at the first call.</summary>
    /// <param name="options">Where etcd is.</param>
    /// <param name="tls">Its certificates; owned by the client from here on.</param>
    /// <param name="time">Measures deadlines.</param>
    public EtcdClient(EtcdClientOptions options, EtcdTls tls, TimeProvider time)
    {
        if (options.Endpoints.Count == 0)
            throw new ArgumentException("at least one endpoint of etcd is needed", nameof(options));
        _options = options;
        _time = time;
        _tls = tls;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            SslOptions = tls.Options(),
            ConnectTimeout = options.ConnectTimeout,
            // gRPC servers of Go end connections that ping more often than every 5 s.
            KeepAlivePingDelay = TimeSpan.FromSeconds(6),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(4),
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 16,
            ActivityHeadersPropagator = null,
        });
    }

    /// <summary>Calls a method with one answer.</summary>
    /// <exception cref="EtcdException">It failed at every endpoint that could be tried.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<TReply> CallAsync<TRequest, TReply>(
        EtcdMethod<TRequest, TReply> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        var frame = GrpcFrame.Write(request);
        for (var i = 1; ; i++)
        {
            var preferred = Volatile.Read(ref _preferred);
            try
            {
                return await AttemptAsync(method, EndpointAt(preferred), frame, cancellationToken).ConfigureAwait(false);
            }
            catch (EtcdException e) when (e.IsWorthAnotherEndpoint)
            {
                MoveOn(preferred);
                if (i >= _options.Endpoints.Count || (e.MayHaveHappened && !method.IsRepeatable))
                    throw;
            }
        }
    }

    /// <summary>Asks one endpoint, whichever is preferred, how it is.</summary>
    public Task<StatusReply> StatusAsync(Uri endpoint, CancellationToken cancellationToken) =>
        AttemptAsync(EtcdMethods.Status, endpoint, GrpcFrame.Write(new StatusRequest()), cancellationToken);

    /// <summary>
    /// Watches keys, on one endpoint, until that fails or the caller gives up. The first reply comes within an attempt's time.
    /// </summary>
    /// <exception cref="EtcdException">The watch ended; another call goes to another endpoint.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async IAsyncEnumerable<WatchReply> WatchAsync(
        WatchCreate create, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        uint preferred;
        CancellationToken left;
        lock (_lock)
            (preferred, left) = (_preferred, _left.Token);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, left);
        using var first = new CancellationTokenSource(_options.AttemptTimeout, _time);
        await using var overdue = first.Token.Register(either.Cancel).ConfigureAwait(false);
        var frame = GrpcFrame.Write(new WatchRequest { Create = create });
        // Only one request is ever sent, so the stream's own half ends with it; etcd watches on.
        await using var replies = ReadAsync(EtcdMethods.Watch, EndpointAt(preferred), frame, either.Token)
            .GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            try
            {
                if (!await replies.MoveNextAsync().ConfigureAwait(false))
                    throw new EtcdException(EtcdFailure.Unavailable, mayHaveHappened: false, "etcd ended the watch");
            }
            catch (Exception e) when (Translate(e, sent: false) is { } failed)
            {
                // Who gave up is told that, whatever broke at the same moment.
                cancellationToken.ThrowIfCancellationRequested();
                if (failed.IsWorthAnotherEndpoint)
                    MoveOn(preferred);
                throw failed;
            }

            first.CancelAfter(Timeout.InfiniteTimeSpan);
            yield return replies.Current;
        }
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose()
    {
        _http.Dispose();
        _left.Dispose();
        _tls.Dispose();
    }

    private Uri EndpointAt(uint index) => _options.Endpoints[(int)(index % (uint)_options.Endpoints.Count)];

    // Only the first that fails on an endpoint leaves it: calls side by side do not push each other round. A watch there, which may hang as
    // the call did and not show it, ends with that.
    private void MoveOn(uint from)
    {
        CancellationTokenSource left;
        lock (_lock)
        {
            if (_preferred != from)
                return;
            Volatile.Write(ref _preferred, unchecked(from + 1));
            (left, _left) = (_left, new CancellationTokenSource());
        }

        left.Cancel();
        left.Dispose();
    }

    private async Task<TReply> AttemptAsync<TRequest, TReply>(
        EtcdMethod<TRequest, TReply> method, Uri endpoint, byte[] frame, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        using var deadline = new CancellationTokenSource(_options.AttemptTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var sent = new Sent();
        try
        {
            TReply? reply = default;
            await foreach (var next in ReadAsync(method, endpoint, frame, either.Token, sent).ConfigureAwait(false))
                reply = next;
            return reply ?? throw new EtcdException(EtcdFailure.Malformed, mayHaveHappened: true, "etcd answered without a message");
        }
        catch (Exception e) when (Translate(e, sent.IsSent) is { } failed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw failed;
        }
    }

    private async IAsyncEnumerable<TReply> ReadAsync<TRequest, TReply>(
        EtcdMethod<TRequest, TReply> method, Uri endpoint, byte[] frame,
        [EnumeratorCancellation] CancellationToken cancellationToken, Sent? sent = null)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, method.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new GrpcContent(frame, sent),
            Headers = { { "te", "trailers" }, { "hasleader", "true" } },
        };
        using var response = await _http.SendAsync(message, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new EtcdException(EtcdFailure.Unavailable, mayHaveHappened: false, $"etcd answered HTTP {(int)response.StatusCode}");
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        while (await GrpcFrame.ReadAsync(stream, _options.MaxMessageBytes, cancellationToken).ConfigureAwait(false) is { } bytes)
            yield return WireReader.Read(method.ReplyParser, bytes.AsSpan());
        if (GrpcStatus.Failure(response) is { } failure)
            throw failure;
    }

    private static EtcdException? Translate(Exception exception, bool sent) => exception switch
    {
        EtcdException failed => failed,
        OperationCanceledException => new EtcdException(EtcdFailure.Unavailable, sent, "etcd did not answer in time", exception),
        HttpRequestException { HttpRequestError: var error } =>
            new EtcdException(EtcdFailure.Unavailable, sent, $"etcd was not reached: {error}", exception),
        IOException => new EtcdException(EtcdFailure.Unavailable, sent, "etcd broke off", exception),
        MalformedException => new EtcdException(EtcdFailure.Malformed, sent, "what came back is no message of etcd", exception),
        _ => null,
    };
}
