using Broker.Actors;
using Broker.Cluster;
using Broker.Dmz.Agents;
using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Dmz.Requests;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>What the calls of the gateway share: the actors and the zone. It carries and checks form; it decides nothing.</summary>
internal sealed class GatewayContext(
    DmzContext node, CustomerRegistry customers, ActorRef<RequestsMessage> requests, ConnectedAgents agents, LoginTokens tokens,
    EntryBudget entries, ILogger log)
{
    public static readonly TimeSpan EffectTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan MaxLoginLife = TimeSpan.FromMinutes(10);

    public DmzContext Node => node;

    /// <summary>Takes admissions of this node; null where it has no peers.</summary>
    public ActorRef<PeerIntakeMessage>? Intake { get; init; }

    /// <summary>Who takes part; null where nobody says it.</summary>
    public IMembership? Membership { get; init; }

    /// <summary>Who may have this node leave; null: nobody by a call.</summary>
    public DrainPermit? Drain { get; init; }

    /// <summary>Nodes that are to hold each customer.</summary>
    public int Holders { get; init; } = 1;

    /// <summary>Takes calls to the node that owns their customer.</summary>
    public Forwarder Forwarder { get; } = new(node);

    /// <summary>The calls that this node answers for others; filled while the gateway is mapped.</summary>
    public OwnedCalls Owned { get; } = new();

    public CustomerRegistry Customers => customers;

    public ActorRef<RequestsMessage> Requests => requests;

    public ConnectedAgents Agents => agents;

    public LoginTokens Tokens => tokens;

    public EntryBudget Entries => entries;

    public ILogger Log => log;

    /// <summary>The zone's word on a customer, or null when it knows none of that name.</summary>
    public async Task<Wire.CustomerState?> State(Name customer, CancellationToken cancellation)
    {
        try
        {
            return await node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = customer.Value }, cancellation);
        }
        catch (ZoneRefusedException refused) when (refused.Code == Codes.CustomerUnknown)
        {
            return null;
        }
    }

    /// <summary>The actors of a customer that the zone knows.</summary>
    public async Task<Result<CustomerRefs>> Find(Name customer, CancellationToken cancellation)
    {
        if (customers.Known(customer) is { } known)
        {
            return known;
        }

        if (await State(customer, cancellation) is not { } state)
        {
            return new Refused(Codes.CustomerUnknown, $"there is no customer {customer}");
        }

        var found = await customers.Find(customer, exists: true);
        found.Value?.Key.Tell(new CustomerKeyMessage.Hear(WireSigned.From(state.Custody)));
        return found;
    }

    /// <summary>The entries of those who signed, with proofs, and the head under which they stand.</summary>
    public Task<(IReadOnlyList<ProvenEntry> Entries, Signed Head)> Signers(
        Name customer, SignedRequest request, CancellationToken cancellation) =>
        Proven(customer, ChangeKeys.Users(request), cancellation);

    /// <summary>Entries with proofs, and the head under which they stand.</summary>
    public async Task<(IReadOnlyList<ProvenEntry> Entries, Signed Head)> Proven(
        Name customer, IEnumerable<EntryKey> keys, CancellationToken cancellation)
    {
        var read = new Wire.ReadEntriesRequest { Customer = customer.Value };
        read.Keys.AddRange(keys.Distinct().Select(k => new Wire.EntryKey { Type = k.Type, Id = k.Id }));
        var reply = await node.Zone.ReadEntriesAsync(read, cancellation);
        return ([.. reply.Entries.Select(ProvenEntry.From)], WireSigned.From(reply.Head));
    }

    /// <summary>Changes rows or directory.</summary>
    public async Task<Result<ChangeDone>> Change(Name customer, Change.ByUser change, CancellationToken cancellation)
    {
        var refs = await Find(customer, cancellation);
        if (refs.Value is null)
        {
            return refs.ToRefused();
        }

        return await refs.Value.Key.Ask<Result<ChangeDone>>(
            reply => new CustomerKeyMessage.Submit(change, reply), EffectTimeout, cancellation);
    }

    /// <summary>Enters the refusal of a request into the audit trail; the budget of such records is the zone's.</summary>
    public async Task Audit(Name customer, SignedRequest request, string action, string? code)
    {
        if (code is null or Codes.CustomerLocked or Codes.Busy or Codes.ZoneUnavailable || request.Signatures.Count == 0)
        {
            return;
        }

        try
        {
            await node.Zone.ReportRefusalAsync(
                new Wire.ReportRefusalRequest
                {
                    Customer = customer.Value,
                    Principal = $"user/{request.Signatures[0].User}",
                    Action = action,
                    Code = code,
                },
                CancellationToken.None);
        }
        catch (ZoneException)
        {
            // The refusal stands; what is lost is its record, and the zone's absence is logged where it is noticed.
        }
    }

    /// <summary>Enters the refusal of what a console brought to unlock or prove a way of custody.</summary>
    public async Task AuditEntry(Name customer, string console, string action, string code)
    {
        if (code is Codes.Busy or Codes.ZoneUnavailable or Codes.CustomerLocked)
        {
            return;
        }

        try
        {
            await node.Zone.ReportRefusalAsync(
                new Wire.ReportRefusalRequest { Customer = customer.Value, Principal = console, Action = action, Code = code },
                CancellationToken.None);
        }
        catch (ZoneException)
        {
            // As with requests.
        }
    }

    /// <summary>Enters what was done with a way of custody into the audit trail; the budget of such records is the zone's.</summary>
    public async Task AuditCustody(Name customer, string console, string what, string subject)
    {
        try
        {
            await node.Zone.ReportCustodyAsync(
                new Wire.ReportCustodyRequest { Customer = customer.Value, Principal = console, Event = what, Subject = subject },
                CancellationToken.None);
        }
        catch (ZoneException)
        {
            // It is done; what is lost is its record, and the zone's absence is logged where it is noticed.
        }
    }

    /// <summary>Verifies a login against the directory.</summary>
    public async Task<Result<Login>> LogIn(Name customer, SignedRequest signed, CancellationToken cancellation)
    {
        var (entries, _) = await Signers(customer, signed, cancellation);
        var users = entries.ToDictionary(e => e.Key);
        var now = node.Time.GetUtcNow();
        var verified = RequestVerifier.Verify(
            signed, node.Cluster, customer, UserAction.Login,
            user => users.GetValueOrDefault(EntryKey.User(user))?.Read<UserEntry>(), administratorsRequired: 1, grave: false, now);
        if (verified.Requester is not { } user)
        {
            await Audit(customer, signed, UserAction.Login.Name, verified.Refusal);
            return new Refused(verified.Refusal ?? Codes.Internal, "the login is not one that a user of this customer signed");
        }

        // A captured login is good for as long as it may still be sent, so that is short.
        return verified.Request!.NotAfter <= now + MaxLoginLife
            ? new Login(customer, user.User, user.Role, verified.Request.NotAfter)
            : new Refused(RequestRefusal.TooFarAhead, "a login is valid for at most 10 minutes; sign one that ends sooner");
    }

    /// <summary>The login of a call for a customer, in one of the roles.</summary>
    public async Task<Refused?> Authorize(HttpContext context, Name customer, params Role[] roles)
    {
        var found = await tokens.Find(
            context.Request.Headers.Authorization,
            (of, signed) => of == customer
                ? LogIn(of, signed, context.RequestAborted)
                : Task.FromResult<Result<Login>>(new Refused(Codes.TokenNeeded, "the login is of another customer")));
        return found is not { } login || login.Customer != customer
            ? new Refused(Codes.TokenNeeded, "log in first: POST /v1/customers/{customer}/login")
            : roles.Length > 0 && !roles.Contains(login.Role)
                ? new Refused(Codes.RoleForbids, $"a {login.Role.ToText()} may not read this")
                : null;
    }
}
