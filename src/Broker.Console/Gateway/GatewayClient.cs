using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Console.Profiles;
using Broker.Console.Shell;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Gateway;

/// <summary>
/// The link to the broker: mutual TLS with the console's certificate, the other end's role verified. What comes back is bounded; refusals
/// become <see cref="CommandException"/>s with the exit code that their problem code has.
/// </summary>
internal sealed class GatewayClient(Profile profile, TimeProvider time, TimeSpan timeout, CancellationToken cancellation) : IDisposable
{
    private const long MaxAnswer = 64L << 20;

    private HttpClient? _http;
    private string? _token;

    private HttpClient Http => _http ??= Connect();

    /// <summary>Reads metadata with the token of a login, or without one.</summary>
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, TimeSpan wait = default) =>
        Read(await SendAsync(HttpMethod.Get, path, null, timeout + wait), type);

    /// <summary>Sends a call that is not a signed request.</summary>
    public async Task<T> PostAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type) =>
        Read(await SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, bodyType), timeout), type);

    /// <summary>Uses a login's token for the reads that follow. It is kept nowhere else.</summary>
    public void UseToken(string token) => _token = token;

    /// <summary>All items of a listing.</summary>
    public async Task<List<T>> ListAsync<T>(string path, JsonTypeInfo<PageModel<T>> type)
    {
        const int maxItems = 1_000_000;
        var items = new List<T>();
        string? after = null;
        do
        {
            var page = await GetAsync(after is null ? path : $"{path}?after={Uri.EscapeDataString(after)}", type);
            items.AddRange(page.Items);
            after = page.Items.Count == 0 ? null : page.Next;
        }
        while (after is not null && items.Count < maxItems);
        return items;
    }

    /// <summary>Sends one call and returns its answer.</summary>
    /// <exception cref="CommandException">Refused, not reached, or the answer was lost.</exception>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? body, TimeSpan deadline)
    {
        var (status, answer) = await ExchangeAsync(method, path, body, deadline);
        return (int)status is >= 200 and < 300 ? answer : throw Problems.From(status, answer);
    }

    /// <summary>Asks for the state of the node, which answers 503 where it is not ready.</summary>
    public Task<(HttpStatusCode Status, byte[] Answer)> ReadyAsync() => ExchangeAsync(HttpMethod.Get, "/health/ready", null, timeout);

    private async Task<(HttpStatusCode Status, byte[] Answer)> ExchangeAsync(
        HttpMethod method, string path, byte[]? body, TimeSpan deadline)
    {
        using var call = new CancellationTokenSource(deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(call.Token, cancellation);
        using var request = new HttpRequestMessage(method, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        if (_token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        try
        {
            using var response = await Http.SendAsync(request, both.Token);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(both.Token));
        }
        catch (Exception e) when (LinkConnectException.In(e) is { } connect)
        {
            throw connect.Refusal is { } refusal
                ? CommandException.Unverified(refusal.Code(), "what answers there is not this installation's broker; nothing was sent")
                : new CommandException(
                    ExitCode.Unreachable, "unreachable", $"the broker cannot be reached: {connect.Message}; nothing was sent",
                    $"is it running at {Http.BaseAddress}?");
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException && !both.IsCancellationRequested)
        {
            // The only time limit of the client itself is that of connecting.
            throw new CommandException(
                ExitCode.Unreachable, "unreachable", "the broker cannot be reached: no connection in time; nothing was sent",
                $"is it running at {Http.BaseAddress}?");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new CommandException(
                ExitCode.OutcomeUnknown, Problems.AnswerLost, "the answer was lost; what was asked may have been done");
        }
    }

    /// <summary>
    /// Reads an answer; one that is not of its form is not believed. A broker of the next version may say more than this console knows.
    /// </summary>
    public static T Read<T>(byte[] answer, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, ApiJson.Lenient(type)) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw CommandException.Unverified("answer-malformed", "the broker's answer is not of the form of this version");
        }
    }

    /// <summary>The path of a customer's calls.</summary>
    public static string Of(Name customer, string rest = "") => $"{ApiRoutes.V1}/customers/{customer}{rest}";

    public void Dispose() => _http?.Dispose();

    private HttpClient Connect()
    {
        var http = LinkHttpClient.Create(profile.Key, new LinkServer(LinkRole.Dmz), profile.Settings.Gateway);
        http.MaxResponseContentBufferSize = MaxAnswer;
        return http;
    }
}
