using Broker.Dmz.Customers;
using Broker.Links.Versions;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;
using Microsoft.AspNetCore.Http;

namespace Broker.Dmz.Gateway;

/// <summary>Refusals as RFC 9457 problem details. The code is the contract; the HTTP status is its class.</summary>
internal static class Problems
{
    /// <summary>The HTTP status of a code.</summary>
    public static int Status(string code) => code switch
    {
        Codes.Malformed or RequestRefusal.Malformed or RequestRefusal.WrongPayload or RequestRefusal.WrongAction or
            Codes.PlanRefused => StatusCodes.Status400BadRequest,
        Codes.TokenNeeded => StatusCodes.Status401Unauthorized,
        Codes.NotFound or Codes.CustomerUnknown or "unknown-hand-off" or Codes.CredentialUnknown or
            Codes.AgentUnknown or Codes.UserUnknown or Codes.PolicyUnknown or Codes.HsmWayUnknown => StatusCodes.Status404NotFound,
        Codes.HandOverUnderWay or Codes.HandOverEnded or Codes.VersionUnderWay or Codes.VersionInUse or
            Codes.VersionNotPending or Codes.VersionNotStaged or
            Codes.CustomerExists or Codes.VersionConflict or Codes.IntakeRotated or Codes.RotationUnfinished or Codes.AgentExists or
            Codes.FenceStale or Codes.HeadUnknown or Codes.WaySuperseded or Codes.ChallengeUnknown or Codes.NotEnrolling or
            TransferCodes.OwnedElsewhere or Codes.LiftNotNeeded or Codes.AlreadyCommitted or Codes.IdempotencyConflict or
            Codes.CounterStale or TransferCodes.DrainOfAnother or "invitation-exists" => StatusCodes.Status409Conflict,
        Codes.CustomerLocked or Codes.LiftNeeded or Codes.LockStands => StatusCodes.Status423Locked,
        Codes.Busy or Codes.EntryRate or "too-many-open" => StatusCodes.Status429TooManyRequests,
        Codes.ZoneUnavailable or Codes.HsmModuleUnusable or Codes.HsmTokenMissing or Codes.HsmTokenLost or Codes.HsmTokenNotReady or
            Codes.HsmUnresponsive or TransferCodes.OwnerUnreachable or TransferCodes.NodeDraining or LinkVersion.TooFar or
            "store-full" => StatusCodes.Status503ServiceUnavailable,
        Codes.OutcomeUnknown or Codes.TimedOut => StatusCodes.Status504GatewayTimeout,
        Codes.Internal or "entry-altered" or "tree-altered" or "head-altered" or "custody-altered" or "fence-altered" or "lock-altered" or
            "ledger-altered" or "journal-altered" or "invitation-altered" or "record-altered" => StatusCodes.Status500InternalServerError,
        Codes.UploadTooLarge or Codes.EnvelopeTooLarge => StatusCodes.Status413PayloadTooLarge,
        _ => StatusCodes.Status403Forbidden,
    };

    /// <summary>Writes a problem.</summary>
    public static Task Write(HttpContext context, Refused refused)
    {
        var status = Status(refused.Code);
        context.Response.StatusCode = status;
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        var problem = new ProblemModel(
            $"urn:broker:problem:{refused.Code}", refused.Code.Replace('-', ' '), status, refused.Detail, refused.Code,
            context.TraceIdentifier);
        return context.Response.WriteAsJsonAsync(problem, ApiJson.Default.ProblemModel, ApiRoutes.ProblemType, context.RequestAborted);
    }
}
