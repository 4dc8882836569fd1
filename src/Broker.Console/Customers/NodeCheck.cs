using Broker.Console.Shell;
using Broker.Links.Identity;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>Verifies who a node says it is: its incarnation, signed by a certificate of role dmz under this root.</summary>
internal static class NodeCheck
{
    /// <summary>Asks the node and verifies.</summary>
    /// <param name="context">The run.</param>
    /// <param name="named">The node that is meant, or null for whichever answers.</param>
    public static async Task<Incarnation> LoadAsync(CommandContext context, Name? named) =>
        (await LoadWithWaysAsync(context, named)).Incarnation;

    /// <summary>As <see cref="LoadAsync"/>, with the ways of custody that the node's tokens keep, by its word.</summary>
    public static async Task<(Incarnation Incarnation, IReadOnlyList<HsmWayModel> HsmWays)> LoadWithWaysAsync(
        CommandContext context, Name? named)
    {
        var model = await context.Gateway.GetAsync(ApiRoutes.V1 + "/node", ApiJson.Default.NodeModel);
        return (Verify(model, context.Profile.Trust, named, context.Now), model.HsmWays);
    }

    /// <exception cref="LinkRefusedException">The certificate or its signature is not good.</exception>
    /// <exception cref="CommandException">The statement is about another node.</exception>
    public static Incarnation Verify(NodeModel model, LinkTrust trust, Name? named, DateTimeOffset now)
    {
        var signer = SignedByCertificate.Verify(
            model.Incarnation.ToSigned(), [.. model.Certificates.Select(static c => new ReadOnlyMemory<byte>(c))], trust, LinkRole.Dmz,
            now);
        var incarnation = model.Incarnation.ToSigned().Read<Incarnation>();
        if (incarnation.Cluster != trust.Cluster || incarnation.Node != signer.Name)
            throw CommandException.Unverified("incarnation-of-another", "the node's statement is about another node or installation");
        return named is null || named == incarnation.Node
            ? incarnation
            : throw CommandException.Unverified(
                "wrong-name", $"node {incarnation.Node} answered, not {named}", "give the address of that node");
    }
}
