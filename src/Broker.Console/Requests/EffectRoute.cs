using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Requests;

/// <summary>What a call answers with.</summary>
internal enum EffectAnswer
{
    /// <summary>A new head, <see cref="ChangedModel"/>.</summary>
    Changed,

    /// <summary>A hand-off.</summary>
    HandOff,

    /// <summary>A lock.</summary>
    Locked,

    /// <summary>The customer's state.</summary>
    Customer,

    /// <summary>What was sealed to the holders of a custody, <see cref="EnrolledModel"/>.</summary>
    Custody,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>Where a signed request is sent, and what it is in words: both read from what was signed.</summary>
internal sealed record EffectRoute(HttpMethod Method, string Path, EffectAnswer Answer, string Words)
{
    public static EffectRoute Of(Request request, ReadOnlySpan<byte> payload)
    {
        var customer = request.Customer;
        switch (request.Action)
        {
            case "put-credential":
                var put = Statement.Read<PutCredentialPayload>(payload);
                return Change(HttpMethod.Put, $"credentials/{put.Credential}",
                    $"put credential {put.Credential}, version {put.Replaces + 1}, policy {put.Policy}");
            case "put-next-version":
                var next = Statement.Read<PutCredentialPayload>(payload);
                return Change(HttpMethod.Post, $"credentials/{next.Credential}/versions",
                    $"put version {next.Replaces + 1} of credential {next.Credential} as the next one");
            case "stage-version":
                return Version("stage", "stage", payload);
            case "retire-version":
                return Version("retire", "retire", payload);
            case "delete-version":
                return Version("delete-version", "delete", payload);
            case "promote-version":
                var promote = Statement.Read<PromotePayload>(payload);
                return Change(HttpMethod.Post, $"credentials/{promote.Credential}/promote",
                    $"promote version {promote.Version} of credential {promote.Credential} in place of {promote.Replaces}" +
                    (promote.AllHolders ? ", and hand it to all who hold an earlier one"
                        : promote.HandsOver ? $", and hand it to [{Join(promote.Holders)}] where they hold an earlier one" : ""));
            case "delete-credential":
                return Delete("credentials", "delete credential", payload);
            case "put-policy":
                var policy = Statement.Read<PutPolicyPayload>(payload);
                return Change(HttpMethod.Put, $"policies/{policy.Policy}", Describe(policy));
            case "put-user":
                var user = Statement.Read<PutUserPayload>(payload);
                return Change(
                    HttpMethod.Put, $"users/{user.User}",
                    $"put user {user.User} as {Protocol.Directory.Roles.ToText(user.Role)} with key {user.Key.Fingerprint}");
            case "remove-user":
                return Delete("users", "remove user", payload);
            case "invite-agent":
                var invite = Statement.Read<InviteAgentPayload>(payload);
                return To(HttpMethod.Put, $"agents/{invite.Agent}", EffectAnswer.None,
                    $"invite agent {invite.Agent} on instance {invite.Instance}");
            case "remove-agent":
                return Delete("agents", "remove agent", payload);
            case "launch":
                var launch = Statement.Read<LaunchPayload>(payload);
                var items = string.Join(
                    ", ", launch.Items.Select(static i => $"{i.Use}={i.Credential}" + (i.Version > 0 ? "@" + i.Version : "")));
                return To(HttpMethod.Post, "launches", EffectAnswer.HandOff, $"hand {items} to agent {launch.Agent}");
            case "release":
                var release = Statement.Read<ReleasePayload>(payload);
                return To(
                    HttpMethod.Post, $"hand-offs/{release.HandOff}/release", EffectAnswer.HandOff,
                    $"end the use of hand-off {release.HandOff} on agent {release.Agent}");
            case "change-custody":
                var change = Statement.Read<ChangeCustodyPayload>(payload);
                return To(HttpMethod.Post, "custody", EffectAnswer.Custody,
                    $"change custody of epoch {change.Epoch}, revision {change.Replaces}: {Customers.WayText.Of(change.Ways)}");
            case "rotate":
                var rotate = Statement.Read<RotatePayload>(payload);
                return To(HttpMethod.Post, "rotation", EffectAnswer.Custody,
                    $"rotate to epoch {rotate.Epoch}{(rotate.Compromised ? ", compromised" : "")}: {Customers.WayText.Of(rotate.Ways)}");
            case "lock":
                return To(HttpMethod.Post, "lock", EffectAnswer.Locked, "lock: " + Statement.Read<LockPayload>(payload).Reason);
            case "lift-lock":
                return To(HttpMethod.Post, "lift", EffectAnswer.Customer,
                    $"lift lock generation {Statement.Read<LockPayload>(payload).Generation}");
            default:
                throw CommandException.Usage($"a request to {request.Action} cannot be sent from a file");
        }

        EffectRoute To(HttpMethod method, string path, EffectAnswer answer, string words) =>
            new(method, GatewayClient.Of(customer, "/" + path), answer, words);

        EffectRoute Change(HttpMethod method, string path, string words) => To(method, path, EffectAnswer.Changed, words);

        EffectRoute Version(string call, string words, ReadOnlySpan<byte> bytes)
        {
            var version = Statement.Read<VersionPayload>(bytes);
            return Change(HttpMethod.Post, $"credentials/{version.Credential}/{call}",
                $"{words} version {version.Version} of credential {version.Credential}");
        }

        EffectRoute Delete(string noun, string words, ReadOnlySpan<byte> bytes)
        {
            var subject = Statement.Read<NamePayload>(bytes).Subject;
            return Change(HttpMethod.Post, $"{noun}/{subject}/delete", $"{words} {subject}");
        }
    }

    private static string Describe(PutPolicyPayload policy) =>
        $"put policy {policy.Policy}: agents [{Join(policy.Agents)}], labels [{Join(policy.Labels)}], uses [{Join(policy.Uses)}], " +
        $"roles [{string.Join(' ', policy.UserRoles.Select(Protocol.Directory.Roles.ToText))}]";

    private static string Join(IReadOnlyList<Name> names) => string.Join(' ', names);
}
