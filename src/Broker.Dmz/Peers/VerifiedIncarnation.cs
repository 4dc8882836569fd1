using System.Diagnostics.CodeAnalysis;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Identity;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Peers;

/// <summary>Reads an incarnation that came over any number of hands: certificate chain to the root, role, signature, name.</summary>
internal static class VerifiedIncarnation
{
    /// <summary>Verifies an incarnation of a DMZ node of this installation.</summary>
    public static bool TryRead(
        DmzContext node, Signed signed, IReadOnlyList<ReadOnlyMemory<byte>> certificates,
        [NotNullWhen(true)] out Incarnation? incarnation, [NotNullWhen(false)] out Refused? refused)
    {
        (incarnation, refused) = (null, null);
        if (!SignedByCertificate.TryVerify(
            signed, certificates, node.Trust, LinkRole.Dmz, node.Time.GetUtcNow(), out var identity, out var refusal))
        {
            refused = new Refused(refusal.Code(), "the incarnation is not signed by a node certificate of this cluster");
            return false;
        }

        try
        {
            incarnation = signed.Read<Incarnation>();
        }
        catch (MalformedException problem)
        {
            refused = new Refused(Codes.Malformed, problem.Message);
            return false;
        }

        if (incarnation.Cluster != node.Cluster || incarnation.Node != identity.Name)
        {
            refused = new Refused(TransferCodes.IncarnationOfAnother, "the incarnation names another node than its certificate");
            return false;
        }

        return true;
    }
}
