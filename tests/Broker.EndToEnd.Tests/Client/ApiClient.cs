using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.EndToEnd.Tests.Harness;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>An answer of the gateway: a value, or the code of a problem.</summary>
internal sealed record Answer<T>(T? Value, HttpStatusCode Status, string Code)
    where T : class
{
    /// <summary>The value of a call that has to succeed.</summary>
    public T Ok => Value ?? throw (IsDecided
        ? new InvalidOperationException($"the gateway answered {(int)Status} {Code}")
        : new HttpRequestException($"the gateway answered {(int)Status} {Code}"));

    /// <summary>Whether asking again would be answered the same: it was not too busy, and reached whom it needed.</summary>
    public bool IsDecided => Status is not (HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
        or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout);
}

/// <summary>The gateway for load: a console's certificate, requests signed in this process.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly InstallationKey _key;
    private readonly HttpClient _http;
    private readonly Name _customer;
    private CustodyRecord? _custody;
    private string? _token;

    public ApiClient(int port, string certificate, string key, string root, string customer, string host = "127.0.0.1")
    {
        _key = InstallationKey.Load(certificate, key, LinkTrust.Load(root));
        _http = LinkHttpClient.Create(_key, new LinkServer(LinkRole.Dmz), new Uri($"https://{host}:{port}"));
        _http.Timeout = Patience.Limit;
        _customer = Name.Parse(customer);
    }

    public Name Cluster => _key.Trust.Cluster;

    public Name Customer => _customer;

    public string Path(string rest) => $"{ApiRoutes.V1}/customers/{_customer}{rest}";

    /// <summary>Whether the node says that it is ready; no when nobody answers.</summary>
    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException or IOException)
        {
            return false;
        }
    }

    /// <summary>Live bytes of the node's locked memory, as its health says.</summary>
    public Task<long> SecretBytesAsync() => GaugeAsync("secret-bytes");

    /// <summary>A number of the node's health.</summary>
    public async Task<long> GaugeAsync(string name)
    {
        // A node that is not ready for the moment says it with another status, and the same text.
        using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return (await HealthProbe.ReadAsync(answer)).Gauges![name];
    }

    /// <summary>
    /// The same at rest: what calls that were just answered had in hand is let go of a moment after the answer.
    /// </summary>
    public async Task<long> RestingBytesAsync()
    {
        const int looks = 20;
        var least = await SecretBytesAsync();
        for (var same = 0; same < looks;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            var now = await SecretBytesAsync();
            (least, same) = now < least ? (now, 0) : (least, same + 1);
        }

        return least;
    }

    public async Task<string> TextAsync(string path) => await _http.GetStringAsync(new Uri(path, UriKind.Relative));

    public Task<Answer<CustomerModel>> CustomerAsync(bool here = false) =>
        GetAsync(Path(here ? "?here=1" : ""), ApiJson.Default.CustomerModel);

    /// <summary>The customer's custody record; it does not change in these tests.</summary>
    public async Task<CustodyRecord> CustodyAsync() =>
        _custody ??= (await Eventually.DecidedAsync(() => CustomerAsync())).Ok.Custody!.ToSigned().Read<CustodyRecord>();

    /// <summary>A hand-off, read with the token of a login.</summary>
    public Task<Answer<HandOffModel>> HandOffAsync(string id, int wait = 0) =>
        GetAsync(Path($"/hand-offs/{id}?wait={wait}"), ApiJson.Default.HandOffModel);

    /// <summary>Logs in; the reads that follow carry the token.</summary>
    public async Task LoginAsync(TestUser user) =>
        _token = (await Eventually.DecidedAsync(() => SendAsync(user.Login(this), ApiJson.Default.TokenModel))).Ok.Token;

    /// <summary>Sends a signed request, or the same one again.</summary>
    public Task<Answer<T>> SendAsync<T>(SignedCall call, JsonTypeInfo<T> type, int wait = 0)
        where T : class => SendAsync(call.Method, wait > 0 ? $"{call.Path}?wait={wait}" : call.Path, call.Body, type);

    public Task<Answer<T>> GetAsync<T>(string path, JsonTypeInfo<T> type)
        where T : class => SendAsync(HttpMethod.Get, path, null, type);

    public async Task<Answer<T>> SendAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type)
        where T : class
    {
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
        using var response = await _http.SendAsync(request);
        if (response.IsSuccessStatusCode)
        {
            var value = response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync(type);
            return new Answer<T>(value, response.StatusCode, "");
        }

        return new Answer<T>(null, response.StatusCode, Code(response.StatusCode, await response.Content.ReadAsByteArrayAsync()));
    }

    // What stops may end an answer without its body.
    private static string Code(HttpStatusCode status, byte[] body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.GetProperty("code").GetString()!;
        }
        catch (JsonException)
        {
            return $"status-{(int)status}";
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _key.Dispose();
    }
}
