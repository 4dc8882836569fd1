using System.Net;
using System.Text.Json;
using Broker.Console.Shell;

namespace Broker.Console.Gateway;

/// <summary>Problem details (RFC 9457) of the gateway as errors of a command.</summary>
internal static class Problems
{
    /// <summary>The console's own code for an answer that did not come.</summary>
    public const string AnswerLost = "answer-lost";

    /// <summary>The gateway's code for a zone whose answer did not come.</summary>
    public const string OutcomeUnknown = "outcome-unknown";

    /// <summary>The request was committed before: repeating it had no effect.</summary>
    public const string AlreadyCommitted = "already-committed";

    private static readonly Dictionary<string, string> Hints = new(StringComparer.Ordinal)
    {
        ["customer-locked"] = "brokerctl customer unlock NAME --share FILE --custodian NAME, or --wrap FILE --key NAME",
        ["rate-exceeded"] = "wait for the next minute",
        ["way-superseded"] = "use the share or wrap that came with the last change of custody",
        ["lock-stands"] = "unlock it, by --hsm-way too; then an administrator lifts the lock: brokerctl customer lift NAME",
        ["lift-needed"] = "an administrator lifts the lock: brokerctl customer lift NAME",
        ["request-co-signature-needed"] =
            "add --co-sign NAME, or --save-request FILE and let another administrator run brokerctl request sign",
        ["request-expired"] = "check this machine's clock",
        ["request-unknown-user"] = "brokerctl user list shows who is known",
        ["version-conflict"] = "look at it with brokerctl credential list, and put again",
        ["version-under-way"] = "brokerctl credential show; then credential promote, or credential retire",
        ["version-not-staged"] = "brokerctl credential stage NAME, then promote",
        ["version-pending"] = "brokerctl credential stage NAME; then it is launched by its number",
        ["version-retired"] = "launch the current version, or put the old one again",
        ["intake-rotated"] = "the customer rotated just now: put again, and the credential is sealed to the new key",
        ["rotation-unfinished"] = "brokerctl customer rotate NAME --follow",
        ["policy-forbids"] = "brokerctl policy show; only a policy that names the agent and the use lets it out",
        ["agent-not-connected"] = "start the agent on its instance",
        ["plan-refused"] = "look at the plan, and at the certificate: brokerctl ca issue console NAME --enrol",
        ["head-rolled-back"] = "the zone's store is older than what was seen; if it was restored, custodians accept it: see --accept-head",
        ["fence-rolled-back"] = "the zone's store is older than what was seen; if it was restored, custodians accept it: see --accept-head",
        ["lock-rolled-back"] = "the zone forgot a lock; if its store was restored, custodians accept it: see --accept-head",
        ["busy"] = "try again in a moment",
        ["witness-unavailable"] = "that node cannot read or write its witness file; look at its disk, then do the same again",
        ["zone-unavailable"] = "the credential zone has to be reachable for this; try again",
    };

    /// <summary>The error that an answer stands for.</summary>
    public static CommandException From(HttpStatusCode status, byte[] answer)
    {
        var (code, detail) = Read(answer);
        code ??= "http-" + (int)status;
        return new CommandException(Exit(status, code), code, detail ?? $"the broker answered {(int)status}", Hint(code));
    }

    /// <summary>What to do about a code, or null.</summary>
    public static string? Hint(string code) => Hints.GetValueOrDefault(code) ??
        (code.EndsWith("-altered", StringComparison.Ordinal)
            ? "the zone's database was changed from outside: broker-zone verify says what else, broker-zone restore brings a backup back"
            : null);

    /// <summary>The exit code that a problem has.</summary>
    public static int Exit(HttpStatusCode status, string code) => code switch
    {
        "customer-locked" or "lock-stands" or "lift-needed" => ExitCode.Locked,
        OutcomeUnknown or AnswerLost => ExitCode.OutcomeUnknown,
        "busy" or "zone-unavailable" => ExitCode.Unreachable,
        _ when code.EndsWith("-unknown", StringComparison.Ordinal) || code.StartsWith("unknown-", StringComparison.Ordinal) =>
            ExitCode.NotFound,
        _ => status switch
        {
            HttpStatusCode.NotFound => ExitCode.NotFound,
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests => ExitCode.Unreachable,
            HttpStatusCode.GatewayTimeout => ExitCode.OutcomeUnknown,
            _ => ExitCode.Refused,
        },
    };

    // Leniently: a problem may come from any layer of the server, with fewer members than the API's own.
    private static (string? Code, string? Detail) Read(byte[] answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = 8 });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? (Text(document.RootElement, "code"), Text(document.RootElement, "detail"))
                : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    // Printed on a terminal: no control characters, and no flood.
    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? new string([.. text.Take(500).Where(static c => !char.IsControl(c))])
            : null;
}
