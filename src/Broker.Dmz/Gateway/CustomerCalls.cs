using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>Calls about a customer as a whole: enrol, confirm, unlock, lock, lift, state.</summary>
internal sealed class CustomerCalls(GatewayContext gateway)
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    public void Map(Calls calls)
    {
        var json = ApiJson.Default;
        calls.Get("/v1/node", json.NodeModel, new About("GetNode", "The node and its incarnation"), _ =>
            Task.FromResult<Result<NodeModel>>(Node()));
        calls.Get(
            "/v1/customers", json.PageModelString, new About("ListCustomers", "Names of the customers", QueryAbout.After, QueryAbout.Limit),
            List);
        calls.Body(
            "POST", "/v1/customers", json.EnrolModel, json.EnrolledModel, 201, new About("EnrolCustomer", "Enrols a customer"), Enrol);
        calls.Get("/v1/customers/{customer}", json.CustomerModel, new About("GetCustomer", "The state of a customer"), Status);
        calls.Body("POST", "/v1/customers/{customer}/confirmations", json.ConfirmModel, json.CustomerModel, 200,
            new About("ConfirmShare", "Confirms a share"), Confirm);
        calls.Body("POST", "/v1/customers/{customer}/shares", json.ShareModel, json.CustomerModel, 200,
            new About("GiveShare", "Gives a share to unlock"), GiveShare);
        calls.Body("POST", "/v1/customers/{customer}/lock", json.SignedRequestModel, json.LockedModel, 200,
            new About("LockCustomer", "Locks the customer"), Lock);
        calls.Body("POST", "/v1/customers/{customer}/lift", json.SignedRequestModel, json.CustomerModel, 200,
            new About("LiftLock", "Lifts a lock"), Lift);
    }

    private NodeModel Node()
    {
        var node = gateway.Node;
        return new NodeModel(
            node.Cluster.Value, node.Node.Value, SignedModel.From(node.Incarnation.Statement), [.. node.Incarnation.Certificates],
            typeof(CustomerCalls).Assembly.GetName().Version?.ToString(3) ?? "0");
    }

    private async Task<Result<PageModel<string>>> List(HttpContext context)
    {
        var limit = Calls.Limit(context);
        var reply = await gateway.Node.Zone.ListCustomersAsync(
            new Wire.ListCustomersRequest { After = (string?)context.Request.Query["after"] ?? "", Limit = limit }, context.RequestAborted);
        return new PageModel<string>([.. reply.Customers], reply.Customers.Count == limit ? reply.Customers[^1] : null);
    }

    private async Task<Result<EnrolledModel>> Enrol(HttpContext context, EnrolModel model)
    {
        var plan = model.Plan.ToSigned();
        var customer = plan.Read<EnrolmentPlan>().Customer;
        if (await gateway.State(customer, context.RequestAborted) is not null)
        {
            return new Refused(Codes.CustomerExists, $"there is a customer {customer} already");
        }

        var refs = await gateway.Customers.Find(customer, exists: false);
        return refs.Value is { } found
            ? await found.Key.Ask<Result<EnrolledModel>>(
                reply => new CustomerKeyMessage.Enrol(plan, model.Certificates, reply), KeyTimeout, context.RequestAborted)
            : refs.ToRefused();
    }

    private async Task<Result<CustomerModel>> Confirm(HttpContext context, ConfirmModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        if (gateway.Customers.Known(customer) is not { } refs)
        {
            return new Refused(Codes.NotEnrolling, "no enrolment of this customer waits on this node");
        }

        var status = await refs.Key.Ask<Result<KeyStatus>>(
            reply => new CustomerKeyMessage.Confirm(model.Way, model.Index, model.Answer, reply), KeyTimeout, context.RequestAborted);
        return status.Value is { } value ? await Model(customer, value, context.RequestAborted) : status.ToRefused();
    }

    private async Task<Result<CustomerModel>> Status(HttpContext context)
    {
        var customer = Calls.RouteName(context, "customer");
        var refs = gateway.Customers.Known(customer) is { } known ? known : await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var status = await found.Key.Ask<KeyStatus>(reply => new CustomerKeyMessage.GetStatus(reply), KeyTimeout, context.RequestAborted);
        return await Model(customer, status, context.RequestAborted);
    }

    private async Task<Result<CustomerModel>> GiveShare(HttpContext context, ShareModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var state = await gateway.State(customer, context.RequestAborted);
        var status = await found.Key.Ask<Result<KeyStatus>>(
            reply => new CustomerKeyMessage.GiveShare(model, WireSigned.From(state?.Custody), reply), KeyTimeout, context.RequestAborted);
        return status.Value is { } value ? await Model(customer, value, context.RequestAborted) : status.ToRefused();
    }

    private async Task<Result<LockedModel>> Lock(HttpContext context, SignedRequestModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var request = model.ToRequest();
        ulong generation;
        try
        {
            var reply = await gateway.Node.Zone.LockAsync(
                new Wire.LockRequest { Customer = customer.Value, Request = Google.Protobuf.ByteString.CopyFrom(request.Encode()) },
                context.RequestAborted);
            generation = reply.Generation;
        }
        catch (Links.Zone.ZoneRefusedException refused)
        {
            await gateway.Audit(customer, request, UserAction.Lock.Name, refused.Code);
            throw;
        }

        if (gateway.Customers.Known(customer) is { } refs)
        {
            await refs.Key.Ask<KeyStatus>(
                reply => new CustomerKeyMessage.Lock("locked by a user", reply, generation), KeyTimeout, context.RequestAborted);
        }

        var (confirmed, unconfirmed) = await PeerLocks.Wipe(gateway.Node, customer, generation, context.RequestAborted);
        return new LockedModel(
            generation, [gateway.Node.Node.Value, .. confirmed.Select(n => n.Value)], [.. unconfirmed.Select(n => n.Value)]);
    }

    private async Task<Result<CustomerModel>> Lift(HttpContext context, SignedRequestModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var request = model.ToRequest();
        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var (entries, head) = await gateway.Signers(customer, request, context.RequestAborted);
        var status = await found.Key.Ask<Result<KeyStatus>>(
            reply => new CustomerKeyMessage.Lift(request, entries, head, reply), KeyTimeout, context.RequestAborted);
        await gateway.Audit(customer, request, UserAction.LiftLock.Name, status.Code);
        return status.Value is { } value ? await Model(customer, value, context.RequestAborted) : status.ToRefused();
    }

    private async Task<CustomerModel> Model(Name customer, KeyStatus status, CancellationToken cancellation)
    {
        var state = await gateway.State(customer, cancellation);
        var missing = status.State switch
        {
            KeyState.Enrolling => $"{status.Given.Count} of {status.Needed} confirmations given",
            KeyState.Unlocked when status.Challenge is not null =>
                $"for the custody that was asked for: {status.Given.Count} of {status.Needed} confirmations given",
            KeyState.Locked => Threshold(state) is { } k ? $"0 of {k} shares given" : "shares",
            KeyState.Unlocking => $"{status.Given.Count} of {Math.Max(status.Needed, (uint)status.Given.Count)} shares given",
            KeyState.Claiming => "this node's claim, which another node overtook",
            KeyState.Receiving or KeyState.Holding => $"nothing; node {state?.OwnerNode} owns the customer",
            KeyState.LiftNeeded => $"an administrator's lift of lock generation {state?.LockGeneration}",
            _ => "",
        };
        return new CustomerModel(
            customer.Value, status.State, missing, status.LastFailure, status.Given, ToModel(state?.Custody), ToModel(state?.Head),
            state?.Fence ?? 0, state?.LockGeneration ?? 0, state?.LiftedGeneration ?? 0, status.Challenge,
            [.. (state?.Successions ?? []).Select(s => SignedModel.From(WireSigned.From(s)))], CustodyChangeCalls.Rotation(state));
    }

    private static SignedModel? ToModel(Wire.Signed? signed) => signed is null ? null : SignedModel.From(WireSigned.From(signed));

    private static uint? Threshold(Wire.CustomerState? state)
    {
        try
        {
            return state is null ? null : WireSigned.From(state.Custody).Read<CustodyRecord>().Shares?.Way.Threshold;
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
