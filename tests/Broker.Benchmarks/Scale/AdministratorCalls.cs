using System.Collections.Concurrent;
using System.Net.Http.Json;
using Broker.Agent.Enrolment;
using Broker.Agent.State;
using Broker.Benchmarks.Load;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Benchmarks.Scale;

/// <summary>What an administrator does for a customer before anything can be launched: a policy, and agents that are invited.</summary>
internal sealed class AdministratorCalls(InstallationKey console, Uri gateway, P256PrivateKey administrator) : IDisposable
{
    /// <summary>The named use that agents of the benchmark have.</summary>
    public static readonly Name Use = Name.Parse("keep");

    /// <summary>The release policy that lets it be launched.</summary>
    public static readonly Name Policy = Name.Parse("web");

    private static readonly Name Label = Name.Parse("web");
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Name, Digest> _identities = new();
    private readonly HttpClient _http = LinkHttpClient.Create(console, new LinkServer(LinkRole.Dmz), gateway);

    /// <summary>Lets an administrator hand credentials of the policy to any agent with the label.</summary>
    public Task PutPolicyAsync(Name customer) => SendAsync(
        customer, $"policies/{Policy}", UserAction.PutPolicy,
        new PutPolicyPayload(Policy, [], [Label], [Use], [Role.Administrator]).Encode());

    /// <summary>Invites an agent and redeems the token as the agent itself does it; its files are in the directory then.</summary>
    public async Task EnrolAsync(Name customer, Name agent, string enrolment, string directory)
    {
        if (!_identities.TryGetValue(customer, out var identity))
        {
            var shown = await _http.GetFromJsonAsync($"/v1/customers/{customer}", ApiJson.Default.CustomerModel);
            _identities[customer] = identity = shown!.Custody!.ToSigned().Read<CustodyRecord>().Identity.Fingerprint;
        }

        var notAfter = DateTimeOffset.FromUnixTimeMilliseconds((TimeProvider.System.GetUtcNow() + Life).ToUnixTimeMilliseconds());
        var terms = new EnrolmentTerms(
            console.Trust.Cluster, customer, agent, "bench", [enrolment], console.Trust.Fingerprint, identity, notAfter);
        using var token = EnrolmentToken.Create(terms, SystemRandom.Fill);
        await SendAsync(
            customer, $"agents/{agent}", UserAction.InviteAgent,
            new InviteAgentPayload(agent, terms.Instance, [Label], token.PublicKey, notAfter).Encode());
        var enroller = new Enroller(StateDirectory.Open(directory, allowDisk: true), TimeProvider.System, BootId.Read(), SystemRandom.Fill);
        await enroller.EnrolAsync(token, static () => { }, CancellationToken.None);
    }

    public void Dispose() => _http.Dispose();

    private async Task SendAsync(Name customer, string path, UserAction action, byte[] payload)
    {
        var statement = new Request(
            console.Trust.Cluster, customer, CustodyCalls.Administrator, action.Name, NewId(), TimeProvider.System.GetUtcNow() + Life,
            Digest.Of(payload)).Encode();
        var signature = new byte[PublicKey.SignatureLength];
        administrator.Sign(statement, signature);
        var request = new SignedRequest(statement, payload, [new UserSignature(CustodyCalls.Administrator, signature)]);
        using var answer = await _http.PutAsJsonAsync(
            $"/v1/customers/{customer}/{path}", SignedRequestModel.From(request), ApiJson.Default.SignedRequestModel);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private static Id16 NewId()
    {
        Span<byte> bytes = stackalloc byte[Id16.Length];
        SystemRandom.Fill(bytes);
        return new Id16(bytes);
    }
}
