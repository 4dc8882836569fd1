using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>
/// The operations that meet what was altered. Each returns the code with which it ends; the zone's own refusals are thrown.
/// </summary>
internal static class Meet
{
    public static Task<string> ALaunch(Scene s) => Start(s, s.Customer.Launch());

    public static Task<string> ALaunchOfVersion9(Scene s) => Start(s, s.Customer.Launch(version: 9));

    public static Task<string> TheSameLaunch(Scene s) => Start(s, s.Launch);

    public static Task<string> APut(Scene s) => Put(s, "alice", null);

    public static Task<string> APutByCarol(Scene s) => Put(s, "carol", null);

    public static Task<string> APutByMallory(Scene s) => Put(s, "mallory", null);

    public static Task<string> APutWithMallorysKey(Scene s) => Put(s, "alice", s.Token);

    public static async Task<string> TheSameChange(Scene s) =>
        (await s.Customer.Submit(s.Launch, UserAction.PutPolicy)).Code ?? "changed";

    public static async Task<string> AStatus(Scene s)
    {
        await s.Customer.ZoneState();
        return "answered";
    }

    public static async Task<string> AnUnlock(Scene s)
    {
        await s.Customer.Wipe();
        return await Unlock(s.Customer);
    }

    public static async Task<string> ALock(Scene s)
    {
        await RaiseLock(s.Customer);
        return "locked";
    }

    public static async Task<string> AListOfPolicies(Scene s)
    {
        await s.World.Node.Zone.ListEntriesAsync(
            new Wire.ListEntriesRequest { Customer = s.Id, Type = EntryKey.PolicyType, Limit = 100 }, default);
        return "listed";
    }

    public static async Task<string> TheJournal(Scene s)
    {
        await s.Customer.Journal(HandOffId.Of(s.Launch.Hash, TestCustomer.AgentOf(s.Launch)));
        return "read";
    }

    /// <summary>As a console does that reads the trail.</summary>
    public static async Task<string> AReadingOfTheLedger(Scene s)
    {
        var page = await s.World.Node.Zone.ReadLedgerAsync(new Wire.ReadLedgerRequest { Chain = s.Id, Limit = 1000 }, default);
        return page.Blocks.Select(b => Statement.Read<Receipt>(b.Receipt.Span)).All(
            r => r.Verify(s.World.Zone.LedgerKey, s.World.Node.Cluster) is not null) ? "read" : "receipt-forged";
    }

    /// <summary>The agent makes its next session.</summary>
    public static async Task<string> ASession(Scene s)
    {
        s.Agent.Disconnect();
        await s.Agent.Open();
        var greeted = s.Agent.Greet();
        await Task.WhenAny(greeted, s.Agent.Closed);
        return greeted.IsCompletedSuccessfully ? "connected" : await s.Agent.Closed;
    }

    /// <summary>Another instance redeems the token, or the same one again.</summary>
    public static async Task<string> ARedemption(Scene s)
    {
        var found = await s.World.Node.Zone.FindInvitationAsync(
            new Wire.FindInvitationRequest { Customer = s.Id, Token = ByteString.CopyFrom(s.Token.Key.Fingerprint.ToArray()) }, default);
        if (found.Request.IsEmpty)
        {
            return Codes.InvitationUnknown;
        }

        using var end = new AgentEnd(s.Customer, TestCustomer.N("web-9"), s.Customer.NewId());
        var asked = s.Token.Sign(s.Customer.AgentAsks("web-9", s.Token.Key, end.Key, end.Boot));
        var change = new Change.Enrolment(Statement.Read<SignedRequest>(found.Request.Span), asked, end.Sign(asked.Statement.Span));
        return (await s.Customer.Submit(change)).Code ?? "enrolled";
    }

    /// <summary>Custodians give two shares.</summary>
    public static async Task<string> Unlock(TestCustomer customer, CustomerHead? accepted = null, Signed? witness = null)
    {
        foreach (var share in new uint[] { 1, 2 })
        {
            var given = await customer.Give(customer.ShareFor(share, accepted: accepted, witness: witness));
            if (given.Code is { } refused)
            {
                return refused;
            }
        }

        var end = await customer.Until(static s => s.State is KeyState.Unlocked or KeyState.Locked or KeyState.LiftNeeded);
        return end.State == KeyState.Locked ? end.LastFailure ?? "locked" : end.State;
    }

    /// <summary>As the gateway does: the zone first, then the key is told.</summary>
    public static async Task RaiseLock(TestCustomer customer)
    {
        var request = customer.Request(UserAction.Lock, new LockPayload(0, "test"));
        var reply = await customer.World.Node.Zone.LockAsync(
            new Wire.LockRequest { Customer = customer.Name.Value, Request = ByteString.CopyFrom(request.Encode()) }, default);
        await customer.Ask<KeyStatus>(r => new CustomerKeyMessage.Lock("test", r, reply.Generation));
    }

    private static async Task<string> Put(Scene s, string user, SignerKey? by)
    {
        s.Customer.Users.TryAdd("mallory", s.Token);
        var request = s.Customer.Request(UserAction.PutPolicy, s.Customer.Policy("later", ["web-1"]), user, by: by);
        return (await s.Customer.Submit(request, UserAction.PutPolicy)).Code ?? "changed";
    }

    private static async Task<string> Start(Scene s, SignedRequest launch)
    {
        var started = await s.World.Requests.Ask<Result<LaunchWaiters>>(
            reply => new RequestsMessage.Start(s.Customer.Refs, Protocol.Requests.LaunchOrder.Read(launch), reply), Patience.Limit);
        // What was sealed would now wait for the agent's word.
        var end = await started.Value!.WhenEnded.WaitAsync(Patience.Limit);
        return end.Code ?? (end.Value!.Code.Length > 0 ? end.Value.Code : end.Value.State);
    }
}
