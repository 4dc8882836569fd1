using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>Calls about a customer as a whole: enrol, confirm, lock, lift, state.</summary>
internal sealed class CustomerCalls(GatewayContext gateway)
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    // Tokens keep and open their wraps before the answer, each within some calls' limit.
    private static readonly TimeSpan EnrolTimeout = TimeSpan.FromSeconds(90);

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
        calls.OwnersWord(
            "/v1/customers/{customer}", json.CustomerModel,
            new About("GetCustomer", "The state of a customer on the node that owns it, else on the node that was asked", QueryAbout.Here),
            context => Calls.Query(context, "here", 0, 1) == 1 || IsUnderWay(Calls.RouteName(context, "customer")),
            static owner => owner.State is KeyState.Unlocked or KeyState.Claiming or KeyState.LiftNeeded, Status);
        calls.Begun("POST", "/v1/customers/{customer}/confirmations", json.ConfirmModel, json.CustomerModel,
            new About("ConfirmShare", "Confirms a share or a wrap"), Confirm);
        calls.Body("POST", "/v1/customers/{customer}/lock", json.SignedRequestModel, json.LockedModel, 200,
            new About("LockCustomer", "Locks the customer"), Lock);
        calls.Begun("POST", "/v1/customers/{customer}/lift", json.SignedRequestModel, json.CustomerModel,
            new About("LiftLock", "Lifts a lock"), Lift);
    }

    // People are at work on this node; what another one says is of no use to them.
    private bool IsUnderWay(Name customer) => gateway.Node.Held.Find(customer) is { State: KeyState.Unlocking };

    private NodeModel Node()
    {
        var node = gateway.Node;
        return new NodeModel(
            node.Cluster.Value, node.Node.Value, SignedModel.From(node.Incarnation.Statement), [.. node.Incarnation.Certificates],
            NodeVersion.Text,
            [.. node.Tokens.Ways.Select(static w => new HsmWayModel(
                w.Way.Value, w.Key?.Bytes.ToArray(), w.Problem?.Code, w.Problem?.Detail))]);
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
                reply => new CustomerKeyMessage.Enrol(plan, model.Certificates, reply), EnrolTimeout, context.RequestAborted)
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
        return await CustomerView.Of(gateway, customer, status, context.RequestAborted);
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
        return await CustomerView.Of(gateway, customer, status, context.RequestAborted);
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

        var status = await gateway.AskProven<KeyStatus>(
            customer, [.. ChangeKeys.Users(request)], found.Key,
            (entries, head, reply) => new CustomerKeyMessage.Lift(request, entries, head, reply), KeyTimeout, context.RequestAborted);
        await gateway.Audit(customer, request, UserAction.LiftLock.Name, status.Code);
        return await CustomerView.Of(gateway, customer, status, context.RequestAborted);
    }
}
