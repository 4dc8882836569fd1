using Broker.Actors;
using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Placement;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Microsoft.AspNetCore.Http;

namespace Broker.Dmz.Gateway;

/// <summary>
/// Calls that bring something of a way of custody: a share or a wrap to unlock, a token's opening, a proof that it is there. Each is
/// within a budget of its console and customer, and in the audit trail, done or refused.
/// </summary>
internal sealed class CustodyCalls(GatewayContext gateway)
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    private readonly CustodyChallenges _challenges = new(gateway.Node);

    public void Map(Calls calls)
    {
        var json = ApiJson.Default;
        calls.Body("POST", "/v1/customers/{customer}/shares", json.ShareModel, json.CustomerModel, 200,
            new About("GiveShare", "Gives a share to unlock"), GiveShare);
        calls.Body("POST", "/v1/customers/{customer}/wraps", json.WrapModel, json.CustomerModel, 200,
            new About("GiveWrap", "Gives the record of a wrap to unlock"), GiveWrap);
        calls.Body("POST", "/v1/customers/{customer}/unlock", json.WayModel, json.CustomerModel, 200,
            new About("UnlockByToken", "Has a token of the node open its wrap to unlock"), Unlock);
        calls.Body("POST", "/v1/customers/{customer}/custody-challenges", json.WayModel, json.ChallengeModel, 201,
            new About("ChallengeCustody", "Asks for a challenge to prove a way of custody"), Challenge);
        calls.Body("POST", "/v1/customers/{customer}/custody-proofs", json.ProofModel, json.ProvenModel, 200,
            new About("ProveCustody", "Proves that a way of custody is there; unlocks nothing"), Prove);
    }

    private Task<Result<CustomerModel>> GiveShare(HttpContext context, ShareModel model) => Give(
        context, $"shares/{model.Index}", "give-share", CustodyEvent.Given,
        (refs, custody) => Ask(context, refs, reply => new CustomerKeyMessage.GiveShare(model, custody, reply)));

    private Task<Result<CustomerModel>> GiveWrap(HttpContext context, WrapModel model) => Give(
        context, Name.Parse(model.Way).Value, "give-wrap", CustodyEvent.Given,
        (refs, custody) => Ask(context, refs, reply => new CustomerKeyMessage.GiveWrap(model, custody, reply)));

    private Task<Result<CustomerModel>> Unlock(HttpContext context, WayModel model) => Give(
        context, Name.Parse(model.Way).Value, "unlock", CustodyEvent.Opened,
        async (refs, custody) =>
        {
            using var opened = await Open(custody.Read<CustodyRecord>(), Name.Parse(model.Way));
            if (opened.Refused is { } refused)
            {
                return refused;
            }

            var cargo = new Cargo<WrapRecord>(opened.Record!.Take());
            return await Ask(context, refs, reply => new CustomerKeyMessage.GiveOpened(cargo, custody, Unattended: false, reply));
        });

    private async Task<Result<CustomerModel>> Give(
        HttpContext context, string subject, string action, string what, Func<CustomerRefs, Signed, Task<Result<KeyStatus>>> give)
    {
        var (customer, console) = (Calls.RouteName(context, "customer"), Console(context));
        if (OverBudget(customer, console) is { } over)
        {
            return over;
        }

        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var state = await gateway.State(customer, context.RequestAborted);
        if (await PeerHoldings.OwnedByPeer(gateway.Node, customer, state, context.RequestAborted) is { } owner)
        {
            return new Refused(
                TransferCodes.OwnedElsewhere, $"node {owner} has the customer unlocked, and would lose it; nothing needs to be unlocked");
        }

        var custody = WireSigned.From(state?.Custody);
        var status = await give(found, custody);
        await (status.Code is { } code
            ? gateway.AuditEntry(customer, console, $"{action} {subject}", code)
            : gateway.AuditCustody(customer, console, what, subject));
        return await CustomerView.Of(gateway, customer, status, context.RequestAborted);
    }

    private async Task<Result<ChallengeModel>> Challenge(HttpContext context, WayModel model)
    {
        var (customer, way) = (Calls.RouteName(context, "customer"), Name.Parse(model.Way));
        if (OverBudget(customer, Console(context)) is { } over)
        {
            return over;
        }

        var known = await Record(context, customer);
        if (known.Value is not { } custody)
        {
            return known.ToRefused();
        }

        var record = custody.Read<CustodyRecord>();
        return record.Find(way) is null
            ? NoWay(way, record)
            : new ChallengeModel(_challenges.Make(record, way).Encode(), SignedModel.From(custody));
    }

    private async Task<Result<ProvenModel>> Prove(HttpContext context, ProofModel model)
    {
        var (customer, console) = (Calls.RouteName(context, "customer"), Console(context));
        if (OverBudget(customer, console) is { } over)
        {
            return over;
        }

        var taken = _challenges.Take(model.Challenge, customer);
        if (taken.Value is not { } challenge)
        {
            await gateway.AuditEntry(customer, console, "prove-custody", taken.Code!);
            return taken.ToRefused();
        }

        var known = await Record(context, customer);
        var proven = known.Value is { } custody ? await Prove(challenge, custody.Read<CustodyRecord>(), model) : known.ToRefused();
        var subject = model.Index == 0 ? challenge.Way.Value : $"{challenge.Way}/{model.Index}";
        await (proven.Code is { } code
            ? gateway.AuditEntry(customer, console, $"prove-custody {subject}", code)
            : gateway.AuditCustody(customer, console, CustodyEvent.Proven, subject));
        return proven;
    }

    private async Task<Result<ProvenModel>> Prove(CustodyChallenge challenge, CustodyRecord record, ProofModel model)
    {
        var answer = model.Answer;
        if (answer is not { Length: > 0 })
        {
            using var opened = await Open(record, challenge.Way);
            if (opened.Refused is { } refused)
            {
                return refused;
            }

            answer = opened.Record!.Peek.Prove(challenge);
        }

        var holder = CustodyChallenges.Verify(challenge, record, model.Index, answer);
        return holder.Value is { } found
            ? new ProvenModel(challenge.Way.Value, model.Index, found.Name.Value, answer!)
            : holder.ToRefused();
    }

    // Signed by the identity that it names; that this is the customer's is for the console to compare, which has it pinned.
    private async Task<Result<Signed>> Record(HttpContext context, Name customer)
    {
        if (await gateway.State(customer, context.RequestAborted) is not { } state)
        {
            return new Refused(Codes.CustomerUnknown, $"there is no customer {customer}");
        }

        var custody = WireSigned.From(state.Custody);
        var record = custody.Read<CustodyRecord>();
        return custody.IsBy(record.Identity) && record.Customer == customer && record.Cluster == gateway.Node.Cluster
            ? custody
            : new Refused(Codes.CustodyForged, "the zone's custody record is not signed by the identity that it names");
    }

    private Task<OpenedWrap> Open(CustodyRecord record, Name way) => record.Find(way) is { Way.Kind: WayKind.Hsm } kept
        ? gateway.Node.Tokens.OpenAsync(WrapPlace.Of(record, kept))
        : Task.FromResult(OpenedWrap.Not(record.Find(way) is null
            ? NoWay(way, record)
            : new Refused(Codes.HsmWayUnknown, $"way {way} is kept by people, not by a token: give their shares or wrap")));

    private static Refused NoWay(Name way, CustodyRecord record) => new(
        Codes.WaySuperseded, $"the customer has no way {way}; it has {string.Join(", ", record.Ways.Select(static w => w.Way.Way))}");

    private Refused? OverBudget(Name customer, string console) => gateway.Entries.Take(console, customer)
        ? null
        : new Refused(Codes.EntryRate, "too many shares, wraps or proofs of this customer in this minute; wait for the next");

    private static string Console(HttpContext context) => $"console/{context.Peer()!.Name}";

    private static Task<Result<KeyStatus>> Ask(
        HttpContext context, CustomerRefs refs, Func<ReplyTo<Result<KeyStatus>>, CustomerKeyMessage> message) =>
        refs.Key.Ask(message, KeyTimeout, context.RequestAborted);
}
