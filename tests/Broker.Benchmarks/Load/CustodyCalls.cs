using System.Collections.Concurrent;
using System.Net.Http.Json;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Benchmarks.Load;

/// <summary>Enrolls and rotates customers of which this process is every custodian and the one administrator.</summary>
internal sealed class CustodyCalls : IDisposable
{
    private static readonly TimeSpan PlanLife = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http;
    private readonly InstallationKey _key;
    private readonly P256PrivateKey[] _custodians =
        [P256PrivateKey.Generate(SystemRandom.Fill), P256PrivateKey.Generate(SystemRandom.Fill)];
    private readonly P256PrivateKey _administrator;
    private readonly ConcurrentDictionary<Name, EnrolledModel> _enrolled = new();
    private Digest _incarnation;

    public CustodyCalls(InstallationKey key, Uri gateway, P256PrivateKey administrator)
    {
        _http = LinkHttpClient.Create(key, new LinkServer(LinkRole.Dmz), gateway);
        (_key, _administrator) = (key, administrator);
    }

    /// <summary>Whether what was sealed to the custodians is kept, for <see cref="UnlockAsync"/>.</summary>
    public bool KeepsShares { get; init; }

    /// <summary>The installation.</summary>
    public Name Cluster => _key.Trust.Cluster;

    /// <summary>The name of the administrator of each customer.</summary>
    public static Name Administrator { get; } = Name.Parse("alice");

    private CustodyWay Way => CustodyWay.OfShares(
        2, [.. _custodians.Select(static (c, i) => new NamedKey(Name.Parse($"c{i}"), PublicKey.Parse(c.PublicKey)))]);

    /// <summary>Enrols a customer with two custodians; it is unlocked when this returns.</summary>
    public async Task EnrolAsync(Name customer)
    {
        if (_incarnation == default)
        {
            var node = await _http.GetFromJsonAsync("/v1/node", ApiJson.Default.NodeModel);
            _incarnation = node!.Incarnation.ToSigned().Read<Incarnation>().Key.Fingerprint;
        }

        var plan = new EnrolmentPlan(
            _key.Trust.Cluster, customer, _incarnation, [Way], OneWayOnly: true,
            [new NamedKey(Administrator, PublicKey.Parse(_administrator.PublicKey))], 1,
                TimeProvider.System.GetUtcNow() + PlanLife).Encode();
        var model = new EnrolModel(new SignedModel(plan, _key.Sign(plan)), [.. _key.ChainDer.Select(static c => c.ToArray())]);
        using var answer = await _http.PostAsJsonAsync("/v1/customers", model, ApiJson.Default.EnrolModel);
        var enrolled = (await ReadAsync(answer))!;
        if (KeepsShares)
            _enrolled[customer] = enrolled;
        await ConfirmAsync(customer, enrolled, static m => m.State == "unlocked");
    }

    /// <summary>Unlocks a customer that was enrolled here, after the node was started again.</summary>
    public async Task UnlockAsync(Name customer)
    {
        var node = await _http.GetFromJsonAsync("/v1/node", ApiJson.Default.NodeModel);
        var incarnation = node!.Incarnation.ToSigned().Read<Incarnation>().Key;
        var head = CustodyInfo.AcceptedHead(0, Digest.Zero);
        foreach (var opened in Opened(customer, _enrolled[customer]))
        {
            using (opened)
            {
                var model = new ShareModel(
                    opened.Epoch, opened.Split.ToString(), opened.Index, opened.SealForUnlock(incarnation, head, SystemRandom.Fill), 0,
                    Digest.Zero.ToString(), Witness: null);
                using var answer = await _http.PostAsJsonAsync($"/v1/customers/{customer}/shares", model, ApiJson.Default.ShareModel);
                await EnsureAsync(answer);
            }
        }

        while ((await ShowAsync(customer)).State != "unlocked")
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
    }

    /// <summary>Begins the rotation to an epoch; it goes on in the background when this returns.</summary>
    public async Task RotateAsync(Name customer, uint epoch)
    {
        var payload = new RotatePayload([Way], OneWayOnly: true, AdministratorsRequired: 1, epoch, Compromised: false).Encode();
        var statement = new Request(
            _key.Trust.Cluster, customer, Administrator, UserAction.Rotate.Name, NewId(), TimeProvider.System.GetUtcNow() + PlanLife,
            Digest.Of(payload)).Encode();
        var signature = new byte[PublicKey.SignatureLength];
        _administrator.Sign(statement, signature);
        var request = new SignedRequest(statement, payload, [new UserSignature(Administrator, signature)]);
        using var answer = await _http.PostAsJsonAsync(
            $"/v1/customers/{customer}/rotation", SignedRequestModel.From(request), ApiJson.Default.SignedRequestModel);
        await ConfirmAsync(customer, (await ReadAsync(answer))!, m => EpochOf(m) == epoch);
    }

    /// <summary>What the broker says of the customer.</summary>
    public async Task<CustomerModel> ShowAsync(Name customer) =>
        (await _http.GetFromJsonAsync($"/v1/customers/{customer}", ApiJson.Default.CustomerModel))!;

    public void Dispose()
    {
        _http.Dispose();
        foreach (var custodian in _custodians)
            custodian.Dispose();
    }

    private static uint EpochOf(CustomerModel model) => model.Custody?.ToSigned().Read<CustodyRecord>().Epoch ?? 0;

    private async Task ConfirmAsync(Name customer, EnrolledModel enrolled, Func<CustomerModel, bool> done)
    {
        foreach (var opened in Opened(customer, enrolled))
        {
            using (opened)
            {
                using var answer = await _http.PostAsJsonAsync(
                    $"/v1/customers/{customer}/confirmations",
                    new ConfirmModel("shares", opened.Index, opened.Confirm(enrolled.Challenge)), ApiJson.Default.ConfirmModel);
                await EnsureAsync(answer);
            }
        }

        while (!done(await ShowAsync(customer)))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
    }

    private IEnumerable<ShareRecord> Opened(Name customer, EnrolledModel enrolled)
    {
        var record = enrolled.Custody.ToSigned().Read<CustodyRecord>();
        return enrolled.Shares.Select(share => ShareRecord.Take(Hpke.Open(
            _custodians[(int)share.Index - 1],
            CustodyInfo.SealedShare(record.Cluster, customer, record.Epoch, record.Shares!.Split, share.Index), [], share.Sealed)));
    }

    private static async Task<EnrolledModel?> ReadAsync(HttpResponseMessage answer)
    {
        await EnsureAsync(answer);
        return await answer.Content.ReadFromJsonAsync(ApiJson.Default.EnrolledModel);
    }

    private static async Task EnsureAsync(HttpResponseMessage answer)
    {
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
