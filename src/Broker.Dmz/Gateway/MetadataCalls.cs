using Broker.Dmz.Customers;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>Logins and what their tokens read. Nothing here, or anywhere, reads a credential back.</summary>
internal sealed class MetadataCalls(GatewayContext gateway)
{
    private const uint MaxHandOvers = 1000;

    private static readonly TimeSpan MaxLoginLife = TimeSpan.FromMinutes(10);

    public void Map(Calls calls)
    {
        var json = ApiJson.Default;
        calls.Body("POST", "/v1/customers/{customer}/login", json.SignedRequestModel, json.TokenModel, 200,
            new About("Login", "Gives a short-lived token that reads metadata"), Login);
        calls.Get("/v1/customers/{customer}/credentials", json.PageModelCredentialModel, Page("ListCredentials", "Metadata of credentials"),
            Credentials);
        calls.Get("/v1/customers/{customer}/policies", json.PageModelPolicyModel, Page("ListPolicies", "Release policies"),
            c => List<ReleasePolicy, PolicyModel>(c, EntryKey.PolicyType, e => new PolicyModel(
                e.Policy.Value, Texts(e.Agents), Texts(e.Labels), Texts(e.Uses), [.. e.UserRoles.Select(r => r.ToText())])));
        calls.Get("/v1/customers/{customer}/users", json.PageModelUserModel, Page("ListUsers", "Users"),
            c => List<UserEntry, UserModel>(c, EntryKey.UserType, e => new UserModel(
                e.User.Value, e.Role.ToText(), e.Key.Fingerprint.ToString())));
        calls.Get("/v1/customers/{customer}/agents", json.PageModelAgentModel, Page("ListAgents", "Agents"),
            c => List<Grant, AgentModel>(c, EntryKey.GrantType, e => new AgentModel(
                e.Agent.Value, e.Instance, Texts(e.Labels), e.NotAfter, gateway.Agents.Contains(e.Customer, e.Agent),
                e.Key.Fingerprint.ToString())));
        calls.Get(
            "/v1/customers/{customer}/ledger", json.LedgerModel,
            new About("ReadLedger", "The customer's chain", QueryAbout.From, QueryAbout.Blocks) { NeedsToken = true }, Ledger);
        calls.Get(
            "/v1/ledger", json.LedgerModel, new About("ReadClusterLedger", "The cluster's chain", QueryAbout.From, QueryAbout.Blocks),
            c => Read("", c));
    }

    private static About Page(string operation, string summary) =>
        new(operation, summary, QueryAbout.After, QueryAbout.Limit) { NeedsToken = true };

    private async Task<Result<TokenModel>> Login(HttpContext context, SignedRequestModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var signed = model.ToRequest();
        var (entries, _) = await gateway.Signers(customer, signed, context.RequestAborted);
        var users = entries.ToDictionary(e => e.Key);
        var verified = RequestVerifier.Verify(
            signed, gateway.Node.Cluster, customer, UserAction.Login,
            user => users.GetValueOrDefault(EntryKey.User(user))?.Read<UserEntry>(), administratorsRequired: 1, grave: false,
            gateway.Node.Time.GetUtcNow());
        if (verified.Requester is not { } user)
        {
            await gateway.Audit(customer, signed, UserAction.Login.Name, verified.Refusal);
            return new Refused(verified.Refusal ?? Codes.Internal, "the login is not one that a user of this customer signed");
        }

        // A captured login is good for as long as it may still be sent, so that is short.
        if (verified.Request!.NotAfter > gateway.Node.Time.GetUtcNow() + MaxLoginLife)
        {
            return new Refused(RequestRefusal.TooFarAhead, "a login is valid for at most 10 minutes; sign one that ends sooner");
        }

        return gateway.Tokens.Issue(customer, user.User, user.Role) is { } issued
            ? new TokenModel(issued.Token, issued.Expires)
            : new Refused(Codes.Busy, "too many logins are out; try again in some minutes");
    }

    private async Task<Result<PageModel<CredentialModel>>> Credentials(HttpContext context)
    {
        var page = await List<CredentialEntry, CredentialModel>(context, EntryKey.CredentialType, CredentialView.Of);
        return page.Value is { Items.Count: > 0 } listed
            ? listed with { Items = CredentialView.With(listed.Items, await HandOvers(Calls.RouteName(context, "customer"), context)) }
            : page;
    }

    private async Task<IReadOnlyList<HandOverOrder>> HandOvers(Name customer, HttpContext context)
    {
        var reply = await gateway.Node.Zone.ListEntriesAsync(
            new Wire.ListEntriesRequest { Customer = customer.Value, Type = EntryKey.HandOverType, Limit = MaxHandOvers },
            context.RequestAborted);
        return [.. reply.Entries.Select(static e => Statement.Read<HandOverOrder>(e.Statement.Span))];
    }

    private async Task<Result<PageModel<TModel>>> List<TEntry, TModel>(HttpContext context, string type, Func<TEntry, TModel> toModel)
        where TEntry : class, IStatement<TEntry>
    {
        var customer = Calls.RouteName(context, "customer");
        if (gateway.Authorize(
            context.Request.Headers.Authorization, customer, Role.Administrator, Role.Operator, Role.Monitor) is { } refused)
        {
            return refused;
        }

        var limit = Calls.Limit(context);
        var reply = await gateway.Node.Zone.ListEntriesAsync(
            new Wire.ListEntriesRequest
            {
                Customer = customer.Value,
                Type = type,
                After = (string?)context.Request.Query["after"] ?? "",
                Limit = limit,
            },
            context.RequestAborted);
        var items = reply.Entries.Select(e => toModel(Statement.Read<TEntry>(e.Statement.Span))).ToList();
        return new PageModel<TModel>(items, reply.More && items.Count > 0 ? reply.Entries[^1].Id : null);
    }

    private async Task<Result<LedgerModel>> Ledger(HttpContext context)
    {
        var customer = Calls.RouteName(context, "customer");
        return gateway.Authorize(context.Request.Headers.Authorization, customer, Role.Administrator, Role.Auditor) is { } refused
            ? refused
            : await Read(customer.Value, context);
    }

    private async Task<Result<LedgerModel>> Read(string chain, HttpContext context)
    {
        var reply = await gateway.Node.Zone.ReadLedgerAsync(
            new Wire.ReadLedgerRequest
            {
                Chain = chain,
                From = Calls.Query(context, "from", 0, long.MaxValue),
                Limit = (uint)Calls.Query(context, "limit", 256, 1000),
            },
            context.RequestAborted);
        return new LedgerModel([.. reply.Blocks.Select(b => b.Receipt.ToByteArray())], reply.Length);
    }

    private static IReadOnlyList<string> Texts(IReadOnlyList<Name> names) => [.. names.Select(n => n.Value)];
}
