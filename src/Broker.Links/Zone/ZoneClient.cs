using System.Net;
using System.Net.Http.Headers;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Links.Versions;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Zone;
using Google.Protobuf;

namespace Broker.Links.Zone;

/// <summary>
/// Calls the credential zone. Thread-safe; one a process. Calls go round the zone's nodes, on one connection to each; a node that fails is
/// left out for a while. What certainly had no effect there is sent to another; a request that may have arrived is never sent a second
/// time, except where it changes nothing or may be done twice.
/// </summary>
public sealed partial class ZoneClient : ZoneCaller, IDisposable
{
    private static readonly MediaTypeHeaderValue MediaType = new(ZoneOperations.MediaType);

    private const string ZoneFailed = "zone-failed";
    private const int MaxCode = 64;
    private const int MaxDetail = 500;

    private readonly HttpClient _http;
    private readonly ZoneClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ZoneNodes _nodes;

    /// <summary>Creates the client; connects at the first call.</summary>
    /// <param name="options">Where the zone is.</param>
    /// <param name="key">This node's certificate, of role <c>dmz</c>.</param>
    /// <param name="time">Measures deadlines.</param>
    public ZoneClient(ZoneClientOptions options, InstallationKey key, TimeProvider time)
    {
        if (options.Addresses.Count == 0)
            throw new ArgumentException("at least one address of the zone is needed", nameof(options));
        _options = options;
        _time = time;
        _nodes = new ZoneNodes(options, time);
        _http = LinkHttpClient.Create(key, options.Server with { ConnectTimeout = options.ConnectTimeout }, lost: options.ConnectionLost);
    }

    /// <inheritdoc/>
    public override async Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
    {
        var body = request.ToByteArray();
        if (body.Length > operation.MaxRequestBytes)
            throw new ZoneRefusedException("too-large", $"a {operation.Name} request has at most {operation.MaxRequestBytes} bytes");
        using var deadline = new CancellationTokenSource(_options.Deadline, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        Exception? cause = null;
        ZoneRefusedException? tooFar = null;
        ZoneUnknownOutcomeException? unknown = null;
        try
        {
            var nodes = await _nodes.OrderAsync(either.Token).ConfigureAwait(false);
            for (var i = 0; i < nodes.Count && !deadline.IsCancellationRequested; i++)
            {
                var isLast = i == nodes.Count - 1;
                if (!operation.AnyVersion && nodes[i].Version is var version and not 0 && !LinkVersion.IsNear(version))
                {
                    tooFar = TooFar(version);
                    continue;
                }

                Probe(nodes, except: nodes[i]);
                (var reply, cause) = await TryAsync(operation, nodes[i], isLast, body, either.Token, cancellationToken)
                    .ConfigureAwait(false);
                if (reply is not null)
                    return reply;
                unknown ??= cause as ZoneUnknownOutcomeException;
            }
        }
        catch (ZoneException e) when (unknown is not null)
        {
            // What another node says of it is no word about what the one before did.
            cause = e;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            cause = e;
        }

        if (unknown is not null)
            throw unknown;
        if ((cause as ZoneRefusedException ?? (cause is null ? tooFar : null)) is { } refused)
            throw refused;
        throw cause as ZoneUnavailableException ??
            new ZoneUnavailableException("zone-unreachable", $"no node of the zone answered {operation.Name}", cause);
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose() => _http.Dispose();

    // Before the body is asked for, nothing of the request has left; a connection that did not come to be is the other sure sign.
    private static bool NeverSent(Exception e) =>
        LinkConnectException.In(e) is not null ||
        e is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError,
        };

    private async Task<TReply> SendAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, ZoneNode node, byte[] body, Action onSent, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(node.Address, operation.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new SentContent(body, onSent) { Headers = { ContentType = MediaType } },
        };
        message.Headers.Add(LinkVersion.Header, LinkVersion.Text);
        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        LastVersion = node.Version = LinkVersion.Read(
            response.Headers.TryGetValues(LinkVersion.Header, out var announced) ? string.Join(',', announced) : null);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            // Whoever announces versions refuses by itself; one that did what was asked is not to be told as one that did not.
            if (!operation.AnyVersion && !LinkVersion.IsNear(node.Version))
                throw operation.ReadOnly ? TooFar(node.Version) : new ZoneUnknownOutcomeException(TooFar(node.Version).Message, null);
            var reply = await BoundedBody.ReadAsync(response, operation.MaxReplyBytes, cancellationToken).ConfigureAwait(false);
            return WireReader.Read(operation.ReplyParser, reply.AsSpan());
        }

        throw await ProblemAsync(operation.ReadOnly, response, cancellationToken).ConfigureAwait(false);
    }

    private static ZoneRefusedException TooFar(uint version) => new(
        LinkVersion.TooFar,
        $"the node at the other end speaks version {version} and this one {LinkVersion.Current}; upgrade one at a time");

    private static async Task<Exception> ProblemAsync(bool readOnly, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var isProblem = response.Content.Headers.ContentType?.MediaType == ZoneOperations.MediaType;
        var body = isProblem
            ? await BoundedBody.ReadAsync(response, BoundedBody.MaxProblemBytes, cancellationToken).ConfigureAwait(false)
            : null;
        var problem = body is null ? null : Plain(WireReader.Read(Problem.Parser, body.AsSpan()));
        return problem switch
        {
            { UnknownOutcome: false } when response.StatusCode == HttpStatusCode.ServiceUnavailable =>
                new ZoneUnavailableException(problem.Code, $"the zone is busy: {problem.Code}: {problem.Detail}", null),
            { UnknownOutcome: false } => new ZoneRefusedException(problem.Code, problem.Detail),
            _ when readOnly => new ZoneUnavailableException(problem?.Code ?? ZoneFailed, "the zone failed; see its log", null),
            _ => new ZoneUnknownOutcomeException("the zone failed: the request may have been executed; see its log", null),
        };
    }

    // A zone that lies chooses these: they reach logs, audit records and terminals, so they are words of the form that a zone has.
    private static Problem Plain(Problem problem)
    {
        if (problem.Code.Length is 0 or > MaxCode || problem.Code.Any(
            static c => c is not ('-' or (>= 'a' and <= 'z') or (>= '0' and <= '9'))))
            problem.Code = ZoneFailed;
        problem.Detail = string.Concat(problem.Detail.Take(MaxDetail).Select(static c => c is >= ' ' and <= '~' ? c : '?'));
        return problem;
    }
}
