using Broker.Dmz.Customers;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Support;

/// <content>The steps of a credential's versions.</content>
internal sealed partial class TestCustomer
{
    /// <summary>A put of the next version, sealed as a console does.</summary>
    public (SignedRequest Request, byte[] Upload) PutNext(
        string credential, byte[] secret, uint replaces, string policy = "web", string user = "alice")
    {
        var (put, upload) = Put(credential, secret, policy, replaces, user: user);
        var payload = Protocol.Statements.Statement.Read<PutCredentialPayload>(put.Payload.Span);
        var key = Protocol.Statements.Statement.Read<Request>(put.Statement.Span).IdempotencyKey;
        return (Request(UserAction.PutNextVersion, payload, user, bend: r => r with { IdempotencyKey = key }), upload);
    }

    /// <summary>Puts the next version, pending.</summary>
    public async Task<uint> PutPending(string credential, byte[] secret, uint replaces)
    {
        var (request, upload) = PutNext(credential, secret, replaces);
        var done = await Submit(request, UserAction.PutNextVersion, upload);
        Assert.True(done.Code is null, $"{done.Code}: {done.Detail}");
        return done.Value!.Version;
    }

    /// <summary>Puts the next version and stages it.</summary>
    public async Task<uint> PutStaged(string credential, byte[] secret, uint replaces)
    {
        var version = await PutPending(credential, secret, replaces);
        await Change(UserAction.StageVersion, new VersionPayload(N(credential), version));
        return version;
    }

    /// <summary>Promotes a staged version.</summary>
    public Task<ChangeDone> Promote(string credential, uint version, uint replaces, bool handsOver = false) =>
        Change(UserAction.PromoteVersion, new PromotePayload(N(credential), version, replaces, handsOver, []));

    /// <summary>The stages under the zone's head, as <c>1 retired, 2 current</c>.</summary>
    public async Task<string> Stages(string credential = "db") => string.Join(", ", CredentialStages.Of(await Entry(credential))
        .Versions.Select(static v => $"{v.Version} {v.Stage.ToText()}"));

    /// <summary>The entry of a credential, proven under a head that the key knows.</summary>
    public async Task<CredentialEntry> Entry(string credential)
    {
        var (entries, head) = await Read(EntryKey.Credential(N(credential)));
        Assert.True(entries[0].LeadsTo(head.Read<CustomerHead>().Root));
        return entries[0].Read<CredentialEntry>()!;
    }
}
