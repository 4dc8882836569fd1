using Broker.Dmz.Customers;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>Calls that change rows or directory. Each carries a signed request, which the key actor verifies.</summary>
internal sealed class EffectCalls(GatewayContext gateway)
{
    public void Map(Calls calls)
    {
        var json = ApiJson.Default;
        calls.Owned("PUT", "/v1/customers/{customer}/credentials/{name}", json.PutCredentialModel, json.ChangedModel, 200,
            new About("PutCredential", "Puts a new version of a credential"), PutCredential);
        Change(calls, "POST", "/v1/customers/{customer}/credentials/{name}/delete", UserAction.DeleteCredential,
            new About("DeleteCredential", "Deletes a credential"));
        calls.Owned("POST", "/v1/customers/{customer}/credentials/{name}/versions", json.PutCredentialModel, json.ChangedModel, 200,
            new About("PutNextVersion", "Puts the next version of a credential, which nobody gets before it is staged"),
            (context, model) => Change(context, new Change.ByUser(model.Request.ToRequest(), UserAction.PutNextVersion, model.Upload)));
        Change(calls, "POST", "/v1/customers/{customer}/credentials/{name}/stage", UserAction.StageVersion,
            new About("StageVersion", "Lets launches that name the pending version have it"));
        Change(calls, "POST", "/v1/customers/{customer}/credentials/{name}/promote", UserAction.PromoteVersion,
            new About("PromoteVersion", "Makes the staged version the current one"));
        Change(calls, "POST", "/v1/customers/{customer}/credentials/{name}/retire", UserAction.RetireVersion,
            new About("RetireVersion", "Gives up the pending or staged version"));
        Change(calls, "POST", "/v1/customers/{customer}/credentials/{name}/delete-version", UserAction.DeleteVersion,
            new About("DeleteVersion", "Deletes the row of a retired version"));
        Change(calls, "PUT", "/v1/customers/{customer}/policies/{name}", UserAction.PutPolicy,
            new About("PutPolicy", "Sets a release policy"));
        Change(calls, "PUT", "/v1/customers/{customer}/users/{name}", UserAction.PutUser, new About("PutUser", "Adds or changes a user"));
        Change(calls, "POST", "/v1/customers/{customer}/users/{name}/delete", UserAction.RemoveUser, new About(
            "RemoveUser", "Removes a user"));
        Change(calls, "POST", "/v1/customers/{customer}/agents/{name}/delete", UserAction.RemoveAgent,
            new About("RemoveAgent", "Removes an agent"));
        calls.Owned("PUT", "/v1/customers/{customer}/agents/{name}", json.SignedRequestModel, json.SignedRequestModel, 200,
            new About("InviteAgent", "Lets an agent enrol with a one-time token; answers the request as it was taken"), InviteAgent);
    }

    private void Change(Calls calls, string method, string pattern, UserAction action, About about) =>
        calls.Owned(method, pattern, ApiJson.Default.SignedRequestModel, ApiJson.Default.ChangedModel, 200, about,
            (context, model) => Change(context, new Change.ByUser(model.ToRequest(), action, default)));

    private Task<Result<ChangedModel>> PutCredential(HttpContext context, PutCredentialModel model) =>
        Change(context, new Change.ByUser(model.Request.ToRequest(), UserAction.PutCredential, model.Upload));

    private async Task<Result<ChangedModel>> Change(HttpContext context, Change.ByUser change)
    {
        var customer = Calls.RouteName(context, "customer");
        CheckName(context, change);
        var done = await gateway.Change(customer, change, context.RequestAborted);
        return done.Value is { } value ? new ChangedModel(value.Version, SignedModel.From(value.Head)) : done.ToRefused();
    }

    private async Task<Result<SignedRequestModel>> InviteAgent(HttpContext context, SignedRequestModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var request = model.ToRequest();
        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var verified = await gateway.AskProven<VerifiedUser>(
            customer, [.. ChangeKeys.Users(request)], found.Key,
            (entries, head, reply) => new CustomerKeyMessage.Check(request, UserAction.InviteAgent, entries, head, reply),
            GatewayContext.EffectTimeout, context.RequestAborted);
        await gateway.Audit(customer, request, UserAction.InviteAgent.Name, verified.Code);
        if (verified.Value is null)
        {
            return verified.ToRefused();
        }

        var status = await found.Key.Ask<KeyStatus>(
            reply => new CustomerKeyMessage.GetStatus(reply), GatewayContext.EffectTimeout, context.RequestAborted);
        try
        {
            await gateway.Node.Zone.InviteAgentAsync(
                new Wire.InviteAgentRequest
                {
                    Customer = customer.Value,
                    Fence = status.Fence,
                    Request = Google.Protobuf.ByteString.CopyFrom(request.Encode()),
                },
                context.RequestAborted);
        }
        catch (Links.Zone.ZoneRefusedException refused) when (refused.Code == Codes.FenceStale)
        {
            found.Key.Tell(new CustomerKeyMessage.Deposed(status.Fence));
            throw;
        }

        return model;
    }

    // The path must name what was signed; it is for people and logs, the payload alone decides.
    private static void CheckName(HttpContext context, Change.ByUser change)
    {
        var name = Calls.RouteName(context, "name");
        if (!ChangeKeys.Subject(change).Any(k => k.Id == name.Value))
        {
            throw new MalformedException("the path names something else than the signed request");
        }
    }
}
