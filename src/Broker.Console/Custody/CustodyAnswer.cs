using Broker.Console.Customers;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Custody;

/// <summary>The answer to a change of custody or a rotation: compared with what was signed, written for the holders.</summary>
internal static class CustodyAnswer
{
    /// <summary>Verifies, writes, prints.</summary>
    /// <param name="context">The run.</param>
    /// <param name="customer">The customer as it was before, verified.</param>
    /// <param name="signed">The request.</param>
    /// <param name="answer">What came back.</param>
    /// <param name="directory">Where to; null for the profile.</param>
    /// <exception cref="CommandException">It is not what was signed; nothing is written.</exception>
    public static int Take(CommandContext context, PinnedCustomer customer, SignedRequest signed, byte[] answer, string? directory)
    {
        var model = GatewayClient.Read(answer, ApiJson.Default.EnrolledModel);
        CustodyRecord record;
        try
        {
            record = Verify(customer.Custody, signed, model);
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("custody-forged", "what the node answered is not a custody");
        }

        var files = Write(context, record, model, directory);
        CustodyResult.Of(record, files).Print(context, static o =>
            o.WriteLine("next: give each holder their file; each runs brokerctl customer confirm, within an hour, while this node runs"));
        return ExitCode.Ok;
    }

    private static CustodyRecord Verify(CustodyRecord present, SignedRequest signed, EnrolledModel model)
    {
        var custody = model.Custody.ToSigned();
        var record = custody.Read<CustodyRecord>();
        var (ways, required, epoch, revision) = Asked(signed);
        var problem = record switch
        {
            _ when record.Cluster != present.Cluster || record.Customer != present.Customer => "cluster or customer",
            _ when record.Epoch != epoch || record.Revision != revision => "epoch or revision",
            _ when !record.Keeps(ways) => "the ways of custody, their holders or keys",
            _ when record.AdministratorsRequired != required => "how many administrators are required",
            _ when record.Plan != signed.Hash => "the request",
            _ when epoch == present.Epoch && !record.Identity.Equals(present.Identity) => "the identity",
            _ when epoch != present.Epoch && !Follows(present, record, signed, model.Succession) => "the succession of the identity",
            _ when !custody.IsBy(record.Identity) => "the signature",
            _ when model.Challenge.Length != 32 => "the challenge",
            _ when !SharesFit(record, model.Shares) => "the shares",
            _ => null,
        };
        return problem is null ? record : throw CommandException.Unverified(
            "plan-not-echoed", $"the node did not do what was signed: {problem} differ", "do not go on with this node");
    }

    private static (IReadOnlyList<CustodyWay> Ways, uint Required, uint Epoch, uint Revision) Asked(SignedRequest signed)
    {
        if (Statement.Read<Request>(signed.Statement.Span).Action == UserAction.Rotate.Name)
        {
            var rotate = Statement.Read<RotatePayload>(signed.Payload.Span);
            return (rotate.Ways, rotate.AdministratorsRequired, rotate.Epoch, 1);
        }

        var change = Statement.Read<ChangeCustodyPayload>(signed.Payload.Span);
        return (change.Ways, change.AdministratorsRequired, change.Epoch, checked(change.Replaces + 1));
    }

    private static bool Follows(CustodyRecord present, CustodyRecord record, SignedRequest signed, SignedModel? succession)
    {
        if (succession is null)
            return false;
        var isCompromised = Statement.Read<RotatePayload>(signed.Payload.Span).Compromised;
        return SuccessionChain.Follow(
            present.Identity.Fingerprint, record.Identity.Fingerprint, [succession.ToSigned()], record.Cluster, record.Customer) ==
            (isCompromised ? SuccessionOutcome.Broken : SuccessionOutcome.Followed);
    }

    private static bool SharesFit(CustodyRecord record, IReadOnlyList<SealedShareModel> shares)
    {
        var custodians = record.Shares?.Way.Holders ?? [];
        return shares.Count == custodians.Count && shares.Zip(custodians).Select(static (p, i) => (p.First, p.Second, Index: i + 1)).All(
            static p => p.First.Index == p.Index && p.First.Custodian == p.Second.Name.Value && p.First.Sealed.Length is > 0 and <= 4096);
    }

    // A folder of its own: until the commit it is the files of the custody before that unlock.
    private static List<string> Write(CommandContext context, CustodyRecord record, EnrolledModel model, string? directory)
    {
        directory ??= context.Profile.Customer(record.Customer).Shares;
        Files.MakeDirectory(Path.GetDirectoryName(Path.GetFullPath(directory))!);
        Files.MakeDirectory(directory);
        directory = Path.Combine(directory, $"epoch-{record.Epoch}-revision-{record.Revision}");
        Files.MakeDirectory(directory);
        IReadOnlyList<SignedModel>? successions = model.Succession is { } succession ? [succession] : null;
        var (shares, wraps) = CustodyFiles.Write(record, model, directory, again: true, successions);
        return [.. shares, .. wraps];
    }
}
