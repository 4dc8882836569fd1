using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Console.Customers;

/// <summary>
/// Compares what a node made with what was asked for: a node that splits otherwise is found out before anything is stored.
/// </summary>
internal static class EnrolmentCheck
{
    private const int ChallengeLength = 32;

    /// <summary>Verifies the answer to an enrolment.</summary>
    /// <param name="plan">The plan as it was signed.</param>
    /// <param name="statement">Its encoding.</param>
    /// <param name="answer">What came back.</param>
    /// <exception cref="CommandException">It is not what the plan asks for.</exception>
    public static CustodyRecord Verify(EnrolmentPlan plan, ReadOnlySpan<byte> statement, EnrolledModel answer)
    {
        var signed = answer.Custody.ToSigned();
        CustodyRecord record;
        try
        {
            record = signed.Read<CustodyRecord>();
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("custody-forged", "what the node answered is not a custody record");
        }

        if (!signed.IsBy(record.Identity))
            throw CommandException.Unverified("custody-forged", "the custody record is not signed by the identity that it names");
        var problem = record switch
        {
            _ when record.Cluster != plan.Cluster || record.Customer != plan.Customer || record.Epoch != 1 => "customer or epoch",
            _ when record.Revision != 1 || !record.Keeps(plan.Ways) => "the ways of custody, their holders or keys",
            _ when record.AdministratorsRequired != plan.AdministratorsRequired => "how many administrators are required",
            _ when record.Plan != Digest.Of(statement) => "the plan, and so the first administrators",
            _ when answer.Challenge.Length != ChallengeLength => "the challenge",
            _ when !SharesFit(record, answer.Shares) => "the shares",
            _ when !WrapsFit(record, answer.Wraps) => "the wraps",
            _ => null,
        };
        return problem is null ? record : throw CommandException.Unverified(
            "plan-not-echoed", $"the node did not do what the plan asks: {problem} differ", "do not go on with this node");
    }

    private static bool SharesFit(CustodyRecord record, IReadOnlyList<SealedShareModel> shares)
    {
        var custodians = record.Shares?.Way.Holders ?? [];
        if (shares.Count != custodians.Count)
            return false;
        for (var i = 0; i < shares.Count; i++)
        {
            if (shares[i].Index != i + 1 || shares[i].Custodian != custodians[i].Name.Value || shares[i].Sealed.Length is 0 or > 4096)
                return false;
        }

        return true;
    }

    private static bool WrapsFit(CustodyRecord record, IReadOnlyList<SealedWrapModel> wraps)
    {
        var ways = record.Ways.Where(static w => w.Way.Kind == WayKind.Key).ToList();
        return wraps.Count == ways.Count && ways.Zip(wraps).All(p => WrapFits(record, p.First, p.Second));
    }

    private static bool WrapFits(CustodyRecord record, KeptWay way, SealedWrapModel model)
    {
        try
        {
            var wrap = Statement.Read<SealedWrap>(model.Wrap);
            return model.Way == way.Way.Way.Value && wrap.Cluster == record.Cluster && wrap.Customer == record.Customer &&
                wrap.Epoch == record.Epoch && wrap.Way == way.Way.Way && wrap.Split == way.Split && wrap.Identity.Equals(record.Identity) &&
                wrap.Key.Equals(way.Way.Holders[0].Key);
        }
        catch (MalformedException)
        {
            return false;
        }
    }
}
