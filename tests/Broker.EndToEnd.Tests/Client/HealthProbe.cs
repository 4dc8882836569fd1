using System.Net;
using System.Text.Json;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>Asks a node of its health, as who may.</summary>
/// <param name="ca">The directory of the certificates.</param>
/// <param name="name">Whose certificate asks.</param>
/// <param name="server">What is asked.</param>
/// <param name="host">Where.</param>
/// <param name="port">Its listener.</param>
internal sealed class HealthProbe(string ca, string name, LinkRole server, string host, int port) : IDisposable
{
    private readonly InstallationKey _key = InstallationKey.Load($"{ca}/{name}.crt", $"{ca}/{name}.key", LinkTrust.Load($"{ca}/root.crt"));
    private HttpClient? _http;

    public Task<(HttpStatusCode Status, HealthModel Model)> ReadyAsync() => AskAsync("/health/ready");

    public Task<(HttpStatusCode Status, HealthModel Model)> LiveAsync() => AskAsync("/health/live");

    public void Dispose()
    {
        _http?.Dispose();
        _key.Dispose();
    }

    private async Task<(HttpStatusCode Status, HealthModel Model)> AskAsync(string path)
    {
        _http ??= LinkHttpClient.Create(_key, new LinkServer(server), new Uri($"https://{host}:{port}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20 };
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await ReadAsync(answer));
    }

    /// <summary>What an answer says.</summary>
    /// <exception cref="HttpRequestException">Nothing that can be read: what stops may end an answer without its body.</exception>
    public static async Task<HealthModel> ReadAsync(HttpResponseMessage answer)
    {
        try
        {
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(), ApiJson.Default.HealthModel) ??
                throw new HttpRequestException("the health is null");
        }
        catch (JsonException problem)
        {
            throw new HttpRequestException($"{(int)answer.StatusCode} without a health that can be read", problem);
        }
    }
}
