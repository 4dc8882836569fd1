using Broker.Dmz.Customers;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>
/// Calls that begin a change of custody or a rotation. What they answer is sealed to the holders and nowhere else; the holders
/// confirm with the same call as at enrolment.
/// </summary>
internal sealed class CustodyChangeCalls(GatewayContext gateway)
{
    public void Map(Calls calls)
    {
        Map(calls, "custody", UserAction.ChangeCustody, new About(
            "ChangeCustody", "Makes another custody of the customer's secret; it counts when all holders have confirmed"));
        Map(calls, "rotation", UserAction.Rotate, new About(
            "RotateCustomer", "Makes a new secret for the customer; it counts when all holders have confirmed"));
    }

    /// <summary>How far a rotation has come; null where none is unfinished.</summary>
    public static RotationModel? Rotation(Wire.CustomerState? state) =>
        state is { Rotating: true } ? new RotationModel(state.Rows - Math.Min(state.RowsLeft, state.Rows), state.RowsLeft) : null;

    private void Map(Calls calls, string path, UserAction action, About about) => calls.Owned(
        "POST", "/v1/customers/{customer}/" + path, ApiJson.Default.SignedRequestModel, ApiJson.Default.EnrolledModel, 201, about,
        (context, model) => Begin(context, model.ToRequest(), action));

    private async Task<Result<EnrolledModel>> Begin(HttpContext context, SignedRequest request, UserAction action)
    {
        var customer = Calls.RouteName(context, "customer");
        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var begun = await gateway.AskProven<EnrolledModel>(
            customer, [.. ChangeKeys.Users(request), ChangeKeys.Record(request)], found.Key,
            (entries, head, reply) => new CustomerKeyMessage.BeginCustody(request, action, entries, head, reply),
            GatewayContext.EffectTimeout, context.RequestAborted);
        await gateway.Audit(customer, request, action.Name, begun.Code);
        return begun;
    }
}
