using Broker.Links.Identity;
using Broker.Links.Tls;

namespace Broker.Benchmarks.Load;

/// <summary>The same calls of the bare chain: bodies of the same sizes.</summary>
internal sealed class BareCalls(InstallationKey key, Uri gateway) : IDisposable
{
    private readonly HttpClient _http = LinkHttpClient.Create(key, new LinkServer(LinkRole.Dmz), gateway);
    private readonly byte[] _launch = new byte[650];
    private readonly byte[] _put = new byte[1000];

    public Task<bool> LaunchAsync() => PostAsync("/launch", _launch);

    public Task<bool> PutAsync() => PostAsync("/put", _put);

    public void Dispose() => _http.Dispose();

    private async Task<bool> PostAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        await answer.Content.ReadAsByteArrayAsync();
        return answer.IsSuccessStatusCode;
    }
}
