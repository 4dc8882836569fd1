using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>A console before one node, which may not be the one that owns the customer.</summary>
internal sealed class Console(OtherNode node, TestCustomer customer) : IDisposable
{
    private readonly HttpClient _client = node.Console();

    public Task<(HandOffModel? Reply, string? Code, string? Detail)> Launch(SignedRequest launch, int wait = 0) =>
        GatewayServer.Post(
            _client, $"/v1/customers/{customer.Name}/launches?wait={wait}", SignedRequestModel.From(launch),
            ApiJson.Default.SignedRequestModel, ApiJson.Default.HandOffModel);

    /// <summary>An administrator asks for an invitation of an agent that nobody needs: a change of the directory.</summary>
    public Task<(ChangedModel? Reply, string? Code, string? Detail)> RemoveUser(SignedRequest request, string user) =>
        GatewayServer.Post(
            _client, $"/v1/customers/{customer.Name}/users/{user}/delete", SignedRequestModel.From(request),
            ApiJson.Default.SignedRequestModel, ApiJson.Default.ChangedModel);

    public void Dispose() => _client.Dispose();
}
