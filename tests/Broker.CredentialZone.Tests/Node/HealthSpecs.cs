using System.Net;
using System.Text.Json;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Api;

namespace Broker.CredentialZone.Tests.Node;

/// <summary>The health of a zone node, on the one listener that it has.</summary>
public sealed class HealthSpecs(RunningZone zone) : IClassFixture<RunningZone>
{
    [Fact]
    public async Task Zone_should_say_that_it_lives_and_what_readiness_lacks()
    {
        using var http = zone.Http();
        Assert.Equal((HttpStatusCode.OK, "live"), await AskAsync(http, "/health/live"));

        // Run by a test and not by its program, the node is never told that it has started.
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "starting"), await AskAsync(http, "/health/ready"));
    }

    private static async Task<(HttpStatusCode Status, string Said)> AskAsync(HttpClient http, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20 };
        using var answer = await http.SendAsync(request);
        var model = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(), ApiJson.Default.HealthModel)!;
        return (answer.StatusCode, model.Status);
    }
}
