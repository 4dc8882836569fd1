using System.Text.Json;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>A user whose key file is read into this process: signs as the console does.</summary>
internal sealed class TestUser : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    // Ten are the most that a node takes, and its clock may be behind.
    private static readonly TimeSpan LoginLife = TimeSpan.FromMinutes(9);

    private readonly P256PrivateKey _key;
    private readonly Lock _gate = new();

    public TestUser(string profile, string name)
    {
        Name = Name.Parse(name);
        using var pem = SecretBuffer.CopyOf(File.ReadAllBytes(Path.Combine(profile, "users", name + ".key")));
        _key = P256PrivateKey.FromPkcs8Pem(pem);
    }

    public Name Name { get; }

    public SignedCall Login(ApiClient api)
    {
        var request = Sign(api, UserAction.Login, new LoginPayload().Encode(), NewKey(), LoginLife);
        return Call(HttpMethod.Post, api.Path("/login"), request);
    }

    /// <summary>A launch of credentials for named uses.</summary>
    public SignedCall Launch(ApiClient api, string agent, params IReadOnlyList<(string Use, string Credential)> items)
    {
        var payload = new LaunchPayload(
            Name.Parse(agent), [.. items.Select(static i => new LaunchItem(Name.Parse(i.Credential), 0, Name.Parse(i.Use)))], default);
        var request = Sign(api, UserAction.Launch, payload.Encode(), NewKey());
        return Call(HttpMethod.Post, api.Path("/launches"), request, HandOffId.Of(request.Hash, payload.Agent));
    }

    /// <summary>The end of a use that the agent holds.</summary>
    public SignedCall Release(ApiClient api, string agent, string handOff)
    {
        Assert.True(Id16.TryParse(handOff, out var id));
        var request = Sign(api, UserAction.Release, new ReleasePayload(Name.Parse(agent), id).Encode(), NewKey());
        return Call(HttpMethod.Post, api.Path($"/hand-offs/{handOff}/release"), request);
    }

    /// <summary>A new credential, sealed to the intake key of the customer's custody record.</summary>
    public async Task<SignedCall> PutAsync(ApiClient api, string credential, ReadOnlyMemory<byte> content, string policy)
    {
        var custody = await api.CustodyAsync();
        var (name, key) = (Name.Parse(credential), NewKey());
        using var plaintext = SecretBuffer.CopyOf(content.Span);
        var upload = Hpke.Seal(
            custody.Intake.Bytes.Span,
            PutCredentialPayload.Info(custody.Cluster, custody.Customer, custody.Epoch, custody.Intake),
            PutCredentialPayload.AssociatedData(name, CredentialKind.Opaque, Name.Parse(policy), 0, Name, key),
            plaintext.Span, SystemRandom.Fill);
        var payload = new PutCredentialPayload(name, CredentialKind.Opaque, Name.Parse(policy), 0, Digest.Of(upload));
        var request = Sign(api, UserAction.PutCredential, payload.Encode(), key);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new PutCredentialModel(SignedRequestModel.From(request), upload), ApiJson.Default.PutCredentialModel);
        return new SignedCall(HttpMethod.Put, api.Path($"/credentials/{credential}"), body, default);
    }

    public void Dispose() => _key.Dispose();

    private static SignedCall Call(HttpMethod method, string path, SignedRequest request, Id16 handOff = default) => new(
        method, path, JsonSerializer.SerializeToUtf8Bytes(SignedRequestModel.From(request), ApiJson.Default.SignedRequestModel), handOff);

    private static Id16 NewKey()
    {
        Span<byte> bytes = stackalloc byte[Id16.Length];
        SystemRandom.Fill(bytes);
        return new Id16(bytes);
    }

    private SignedRequest Sign(ApiClient api, UserAction action, byte[] payload, Id16 key, TimeSpan? life = null)
    {
        var end = TimeProvider.System.GetUtcNow() + (life ?? Life);
        var statement = new Request(api.Cluster, api.Customer, Name, action.Name, key, end, Digest.Of(payload)).Encode();
        var signature = new byte[PublicKey.SignatureLength];
        lock (_gate)
            _key.Sign(statement, signature);
        return new SignedRequest(statement, payload, [new UserSignature(Name, signature)]);
    }
}
