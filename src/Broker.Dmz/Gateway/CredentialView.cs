using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Gateway;

/// <summary>A credential as the gateway shows it.</summary>
internal static class CredentialView
{
    public static CredentialModel Of(CredentialEntry entry) => new(
        entry.Credential.Value, entry.Kind.ToText(), entry.Policy.Value, entry.Version, entry.Length, entry.Updated, entry.By.Value)
    {
        Latest = entry.Latest,
        Versions = [.. entry.Stages?.Versions.Select(Of) ?? []],
    };

    /// <summary>Adds the hand-overs that are under way.</summary>
    public static IReadOnlyList<CredentialModel> With(IReadOnlyList<CredentialModel> models, IReadOnlyList<HandOverOrder> orders) =>
        orders.Count == 0 ? models : [.. models.Select(m =>
            orders.FirstOrDefault(o => o.Credential.Value == m.Credential) is { } order ? m with { HandOver = Of(order) } : m)];

    private static HandOverModel Of(HandOverOrder order)
    {
        var request = Statement.Read<SignedRequest>(order.Request.Span);
        var promotion = Statement.Read<PromotePayload>(request.Payload.Span);
        return new HandOverModel(
            order.Version, [.. promotion.Holders.Select(static h => h.Value)], request.Signatures[0].User.Value, order.NotAfter);
    }

    private static VersionModel Of(CredentialVersion version) => new(
        version.Version, version.Stage.ToText(), version.Length, version.Put, version.PutBy.Value, version.Moved, version.MovedBy.Value);
}
