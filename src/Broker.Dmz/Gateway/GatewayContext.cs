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
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>What the calls of the gateway share: the actors and the zone. It carries and checks form; it decides nothing.</summary>
internal sealed class GatewayContext(
    DmzContext node, CustomerRegistry customers, ActorRef<RequestsMessage> requests, ConnectedAgents agents, LoginTokens tokens,
    EntryBudget entries, ILogger log)
{
    public static readonly TimeSpan EffectTimeout = TimeSpan.FromSeconds(30);

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

    /// <summary>The login of a call for a customer, in one of the roles.</summary>
    public Refused? Authorize(string? header, Name customer, params ReadOnlySpan<Role> roles) =>
        tokens.Find(header) is not { } login || login.Customer != customer
            ? new Refused(Codes.TokenNeeded, "log in first: POST /v1/customers/{customer}/login")
            : roles.Length > 0 && !roles.Contains(login.Role)
                ? new Refused(Codes.RoleForbids, $"a {login.Role.ToText()} may not read this")
                : null;
}
