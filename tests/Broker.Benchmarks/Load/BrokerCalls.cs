using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Benchmarks.Load;

/// <summary>
/// The calls that are measured, signed and sealed as brokerctl does it. Launches are signed before the clock starts: whoever signs does it
/// on a machine of his own, and the bare load has nothing to sign.
/// </summary>
internal sealed class BrokerCalls : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly Uri _launches;
    private readonly P256PrivateKey _userKey;
    private readonly Name _cluster;
    private readonly Name _customer;
    private readonly Name _user;
    private readonly byte[] _secret = new byte[40];
    private readonly ConcurrentQueue<byte[]> _signed = [];
    private CustodyRecord? _custody;
    private int _next;

    public BrokerCalls(InstallationKey key, Uri gateway, Name customer, Name user, string userKeyFile)
    {
        _http = LinkHttpClient.Create(key, new LinkServer(LinkRole.Dmz), gateway);
        _cluster = key.Trust.Cluster;
        _customer = customer;
        _user = user;
        _launches = new Uri($"/v1/customers/{customer}/launches?wait=30", UriKind.Relative);
        using var pem = SecretBuffer.CopyOf(File.ReadAllBytes(userKeyFile));
        _userKey = P256PrivateKey.FromPkcs8Pem(pem);
        SystemRandom.Fill(_secret);
    }

    /// <summary>The first thing that did not end well, for the report.</summary>
    public string? FirstFailure { get; private set; }

    /// <summary>Signs until so many launches are ready. What a run needs beyond them is signed when it is sent.</summary>
    public void SignLaunches(int count, LaunchPayload launch)
    {
        var payload = launch.Encode();
        while (_signed.Count < count)
        {
            _signed.Enqueue(SignedLaunch(payload));
        }
    }

    /// <summary>One launch, until it is acknowledged.</summary>
    public async Task<bool> LaunchAsync(LaunchPayload launch)
    {
        using var body = Body(_signed.TryDequeue(out var signed) ? signed : SignedLaunch(launch.Encode()));
        using var answer = await _http.PostAsync(_launches, body);
        if (!answer.IsSuccessStatusCode)
        {
            return await FailAsync(answer);
        }

        var handOff = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(), ApiJson.Default.HandOffModel);
        return handOff!.State == "acknowledged" || Fail($"{handOff.State} {handOff.Code}");
    }

    /// <summary>One new credential of 40 bytes, until it is under a committed head.</summary>
    public Task<bool> PutAsync(string prefix) =>
        PutAsync(Name.Parse($"{prefix}-{Interlocked.Increment(ref _next)}"), ReleasePolicy.Default);

    /// <summary>A new credential of 40 bytes under a policy, until it is under a committed head.</summary>
    public async Task<bool> PutAsync(Name name, Name policy)
    {
        _custody ??= await CustodyAsync();
        var id = NewId();
        var aad = PutCredentialPayload.AssociatedData(name, CredentialKind.Password, policy, 0, _user, id);
        var info = PutCredentialPayload.Info(_cluster, _customer, _custody.Epoch, _custody.Intake);
        var upload = Hpke.Seal(_custody.Intake.Bytes.Span, info, aad, _secret, SystemRandom.Fill);
        var payload = new PutCredentialPayload(name, CredentialKind.Password, policy, 0, Digest.Of(upload));
        var request = Sign(UserAction.PutCredential, payload.Encode(), id);
        using var body = Body(JsonSerializer.SerializeToUtf8Bytes(
            new PutCredentialModel(SignedRequestModel.From(request), upload), ApiJson.Default.PutCredentialModel));
        using var answer = await _http.PutAsync(new Uri($"/v1/customers/{_customer}/credentials/{name}", UriKind.Relative), body);
        return answer.IsSuccessStatusCode || await FailAsync(answer);
    }

    public void Dispose()
    {
        _http.Dispose();
        _userKey.Dispose();
    }

    // Whole, as the bare calls have it: a body that is written piece by piece costs frames that say nothing about the broker.
    private static ByteArrayContent Body(byte[] json) => new(json) { Headers = { ContentType = Json } };

    private byte[] SignedLaunch(byte[] payload) => JsonSerializer.SerializeToUtf8Bytes(
        SignedRequestModel.From(Sign(UserAction.Launch, payload, NewId())), ApiJson.Default.SignedRequestModel);

    private SignedRequest Sign(UserAction action, byte[] payload, Id16 id)
    {
        var statement = new Request(
            _cluster, _customer, _user, action.Name, id, TimeProvider.System.GetUtcNow().AddMinutes(5), Digest.Of(payload)).Encode();
        var signature = new byte[PublicKey.SignatureLength];
        _userKey.Sign(statement, signature);
        return new SignedRequest(statement, payload, [new UserSignature(_user, signature)]);
    }

    private async Task<CustodyRecord> CustodyAsync()
    {
        var model = await _http.GetFromJsonAsync($"/v1/customers/{_customer}", ApiJson.Default.CustomerModel);
        return model!.Custody!.ToSigned().Read<CustodyRecord>();
    }

    private async Task<bool> FailAsync(HttpResponseMessage answer) =>
        Fail($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");

    private bool Fail(string why)
    {
        FirstFailure ??= why;
        return false;
    }

    private static Id16 NewId()
    {
        Span<byte> bytes = stackalloc byte[Id16.Length];
        SystemRandom.Fill(bytes);
        return new Id16(bytes);
    }
}
