using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Console.Audit;

/// <summary>A block for people: who, what, when, outcome.</summary>
internal sealed record AuditEntry(ulong Position, DateTimeOffset Time, string Kind, string Who, string What, string Outcome)
{
    /// <summary>Reads a receipt: one entry, or one for each outcome of its block. Nothing is verified here.</summary>
    public static IReadOnlyList<AuditEntry> Of(byte[] receipt)
    {
        try
        {
            var block = Statement.Read<Block>(Statement.Read<Receipt>(receipt).Block.Span);
            return [.. Describe(block).Select(d => new AuditEntry(block.Position, block.Time, block.Kind, d.Who, d.What, d.Outcome))];
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("receipt-malformed", "the broker's answer holds something that is not a receipt");
        }
    }

    public void Write(TextWriter o) =>
        o.WriteLine($"{Position,6}  {Time:yyyy-MM-dd HH:mm:ss}  {Kind,-11} {Who,-16} {What}{(Outcome.Length > 0 ? " → " + Outcome : "")}");

    private static IEnumerable<(string Who, string What, string Outcome)> Describe(Block block) => block.Kind == BlockKind.Outcome
        ? Statement.Read<SignedRecord>(block.Body.Span).Statement.Read<Outcomes>().Items.Select(static o =>
            ("the key", $"hand-off {o.HandOff}", o.State + (o.Code.Length > 0 ? ": " + Clean(o.Code) : "")))
        : [Subject(block)];

    private static (string Who, string What, string Outcome) Subject(Block block)
    {
        var body = block.Body.Span;
        switch (block.Kind)
        {
            case BlockKind.Enrolled:
                var plan = Statement.Read<SignedRecord>(Statement.Read<ChangeRecord>(body).Causes[0].Span).Statement.Read<EnrolmentPlan>();
                return ("a console", "enrolled with " + Customers.WayText.Of(plan.Ways),
                    "administrators " + string.Join(' ', plan.Administrators.Select(static a => a.Name)));
            case BlockKind.Change:
                return Changed(Statement.Read<ChangeRecord>(body));
            case BlockKind.Rotated:
                var rotated = Statement.Read<RotationRecord>(body);
                var (by, words) = Asked(Statement.Read<SignedRequest>(rotated.Cause.Span));
                return (by, words, $"identity {rotated.Succession.Read<SuccessionRecord>().Read().New.Fingerprint}");
            case BlockKind.Rotation:
                var resealed = Statement.Read<RotationIntent>(body);
                return ("the key", $"encrypted {resealed.Leaves.Count} rows anew", $"epoch {resealed.Epoch}");
            case BlockKind.RotationEnded:
                return ("the key", "ended the rotation", "no row of the epoch before is left");
            case BlockKind.Intent:
                var record = Statement.Read<IntentRecord>(body);
                var intent = Statement.Read<Intent>(record.Intent.Span);
                var (user, asked) = Asked(Statement.Read<SignedRequest>(record.Request.Span));
                return (user, asked, $"hand-off {intent.HandOff}" + (intent.Attempt > 1 ? $", attempt {intent.Attempt}" : ""));
            case BlockKind.Claim:
                var claim = Statement.Read<SignedRecord>(body).Statement.Read<Claim>();
                return ($"node {claim.Node}", "took the customer", $"fence {claim.Fence}");
            case BlockKind.Restored:
                var restoration = Statement.Read<RestoredRecord>(body).Restoration.Read<Restoration>();
                return ("custodians", $"accepted head {restoration.AcceptedCounter} ({Clean(restoration.Code)})",
                    (restoration.SeenCounter > 0 ? $"{restoration.SeenCounter} was seen; " : "") +
                    $"head {restoration.NextCounter} followed");
            case BlockKind.Transfer:
                var transfer = Statement.Read<TransferRecord>(body).Intent.Read<TransferIntent>();
                return ($"node {transfer.HolderNode}", $"hands the customer's key to node {transfer.Node}",
                    $"admitted by {Clean(transfer.AdmissionKind)}");
            case BlockKind.BackupCheck:
                var check = Statement.Read<SignedRecord>(body).Statement.Read<BackupCheck>();
                return (Clean(check.Principal), "had a row of a backup opened, to see whether it can be",
                    $"the backup's head {check.HeadCounter}");
            case BlockKind.Lock or BlockKind.Invitation:
                var (who, what) = Asked(Statement.Read<SignedRequest>(body));
                return (who, what, "");
            case BlockKind.Refusal:
                var refusal = Statement.Read<Refusal>(body);
                return (Clean(refusal.Principal), Clean(refusal.Action),
                    $"refused: {Clean(refusal.Code)}" + (refusal.More > 0 ? $", and {refusal.More} more" : ""));
            case BlockKind.CustodyEvent:
                var done = Statement.Read<CustodyEvent>(body);
                return (Clean(done.Principal), $"custody {Clean(done.Subject)}",
                    Clean(done.Event) + (done.More > 0 ? $", {done.More} more" : ""));
            default:
                return ("", "", "");
        }
    }

    private static (string Who, string What, string Outcome) Changed(ChangeRecord record)
    {
        var asked = record.Causes.Select(static c => Asked(Statement.Read<SignedRequest>(c.Span))).ToList();
        var head = record.Head.Read<Protocol.Directory.CustomerHead>();
        return asked.Count == 0
            ? ("the key", "renewed grants", $"head {head.Counter}")
            : (string.Join(' ', asked.Select(static a => a.Who).Distinct()), string.Join("; ", asked.Select(static a => a.What)),
                $"head {head.Counter}");
    }

    private static (string Who, string What) Asked(SignedRequest signed)
    {
        var request = Statement.Read<Request>(signed.Statement.Span);
        var who = string.Join('+', signed.Signatures.Select(static s => s.User).Prepend(request.User).Distinct());
        return (who, Clean(EffectRoute.Of(request, signed.Payload.Span).Words));
    }

    // Texts of users: no control characters on a terminal.
    private static string Clean(string text) => new([.. text.Where(static c => !char.IsControl(c))]);
}
