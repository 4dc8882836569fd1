using Broker.Dmz.Customers;
using Broker.Dmz.Placement;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>Logins and what their tokens read. Nothing here, or anywhere, reads a credential back.</summary>
internal sealed class MetadataCalls(GatewayContext gateway)
{
    private const uint MaxHandOvers = 1000;

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
            Agents);
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
        var login = await gateway.LogIn(customer, signed, context.RequestAborted);
        if (login.Value is not { } verified)
        {
            return login.ToRefused();
        }

        return gateway.Tokens.Issue(signed, verified) is { } token
            ? new TokenModel(token, verified.Expires)
            : throw new MalformedException("a login is larger than allowed");
    }

    private async Task<Result<PageModel<CredentialModel>>> Credentials(HttpContext context)
    {
        var page = await List<CredentialEntry, CredentialModel>(context, EntryKey.CredentialType, CredentialView.Of);
        return page.Value is { Items.Count: > 0 } listed
            ? listed with { Items = CredentialView.With(listed.Items, await HandOvers(Calls.RouteName(context, "customer"), context)) }
            : page;
    }

    private async Task<Result<PageModel<AgentModel>>> Agents(HttpContext context)
    {
        var page = await List<Grant, AgentModel>(context, EntryKey.GrantType, e => new AgentModel(
            e.Agent.Value, e.Instance, Texts(e.Labels), e.NotAfter, gateway.Agents.Contains(e.Customer, e.Agent),
            e.Key.Fingerprint.ToString()));
        if (page.Value is not { Items.Count: > 0 } listed || gateway.Node.Peers.Others.Count == 0)
        {
            return page;
        }

        var elsewhere = await PeerHoldings.Connected(
            gateway.Node, Calls.RouteName(context, "customer"),
            listed.Items.Where(static a => !a.Connected).Select(static a => a.Agent), context.RequestAborted);
        return listed with { Items = [.. listed.Items.Select(a => a with { Connected = a.Connected || elsewhere.Contains(a.Agent) })] };
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
        if (await gateway.Authorize(context, customer, Role.Administrator, Role.Operator, Role.Monitor) is { } refused)
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
        return await gateway.Authorize(context, customer, Role.Administrator, Role.Auditor) is { } refused
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
