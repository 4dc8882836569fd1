using Broker.Console.Audit;
using Broker.Console.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Console.Tests.Audit;

/// <summary>What may be done to a trail, by name; the specs say where each shows.</summary>
internal static class Tampering
{
    private static readonly Dictionary<string, Action<Story>> Ways = new()
    {
        ["outcome signed by another"] = s => WithOther(s, o => s.Blocks[7] = s.Outcome(s.LaunchRequest, HandOffState.Acknowledged, by: o)),
        ["intent left out"] = s => s.Blocks.RemoveAt(6),
        ["outcome before intent"] = s => (s.Blocks[6], s.Blocks[7]) = (s.Blocks[7], s.Blocks[6]),
        ["outcome twice"] = s => s.Blocks.Insert(8, s.Blocks[7]),
        ["use ends twice"] = s => s.Blocks.Insert(9, s.Outcome(s.LaunchRequest, HandOffState.UseFailed)),
        ["outcome of another attempt"] = s => s.Blocks[7] = s.Outcome(s.LaunchRequest, HandOffState.Acknowledged, attempt: 2),
        ["released again after the end"] = s => s.Blocks.Insert(8, s.Intent(s.LaunchRequest, 1, 0, 4)),
        ["released again with another payload"] = s => s.Blocks.Insert(
            7, s.Intent(s.LaunchRequest with { Payload = Story.Launch(Story.Agent, "other") }, 1, 0, 4)),
        ["intent under an old fence"] = s => s.Blocks[13] = s.Intent(s.SecondRequest, 1, 1, 5),
        ["intent under an old head"] = s => s.Blocks[6] = s.Intent(s.LaunchRequest, 1, 0, 3),
        ["intent for another agent"] = s => s.Blocks[6] = s.Intent(s.LaunchRequest, 1, 0, 4, agent: "evil"),
        ["intent with a first attempt of 2"] = s => s.Blocks[6] = s.Intent(s.LaunchRequest, 1, 0, 4, attempt: 2),
        ["request with a forged signature"] = s => s.Blocks[6] = s.Intent(Forged(s.LaunchRequest), 1, 0, 4),
        ["launch by one who is no user yet"] = s => s.Blocks[6] = s.Intent(s.SecondRequest, 1, 0, 4),
        ["launch by one who was removed"] = s =>
        {
            var removal = s.Ask("alice", UserAction.RemoveUser, new NamePayload(Name.Parse("olga")).Encode());
            s.Blocks[16] = (BlockKind.Change, new ChangeRecord([removal.Encode()], s.Head(6)).Encode());
            s.Blocks.Add(s.Intent(s.Ask("olga", UserAction.Launch, Story.Launch(Story.Agent)), 2, 1, 6));
        },
        ["policy by an operator"] = s => s.Blocks[16] = s.Change(s.Ask("olga", UserAction.PutPolicy, Story.Policy("web"))),
        ["login as a change"] = s => s.Blocks[2] = s.Change(s.Ask("alice", UserAction.Login, new LoginPayload().Encode())),
        ["change left out"] = s => s.Blocks.RemoveAt(3),
        ["head by another"] = s => WithOther(s, o => s.Blocks[16] = (BlockKind.Change, new ChangeRecord([], s.Head(6, o)).Encode())),
        ["head that knows another ledger"] = s =>
            s.Blocks[16] = (BlockKind.Change, new ChangeRecord([], s.Head(6, position: 3, hash: Digest.Of([1]))).Encode()),
        ["head that knows the future"] = s => s.Blocks[16] = (BlockKind.Change, new ChangeRecord([], s.Head(6, position: 17)).Encode()),
        ["lock not lifted"] = s => s.Blocks.RemoveRange(10, 2),
        ["lift without a request"] = s => s.Blocks.RemoveAt(11),
        ["lift of another lock"] = s =>
            s.Blocks[11] = (BlockKind.Lock, s.Ask("alice", UserAction.LiftLock, new LockPayload(7, "x").Encode()).Encode()),
        ["claim while locked"] = s => s.Blocks[10] = s.Claim(2, 0),
        ["claim of a used fence"] = s => s.Blocks[10] = s.Claim(1, 1),
        ["claim left out"] = s => s.Blocks.RemoveAt(1),
        ["another plan"] = s => s.Custody = s.Custody with { Plan = Digest.Zero },
        ["other ways of custody"] = s => s.Custody = s.Custody with { Ways = [] },
        ["one administrator where two are required"] = s => s.Custody = s.Custody with { AdministratorsRequired = 2 },
        ["enrolled twice"] = s => s.Blocks.Insert(1, s.Blocks[0]),
        ["a body of another kind"] = s => s.Blocks[7] = (BlockKind.Outcome, s.Blocks[6].Body),

        ["restored by another"] = s => WithOther(s, o => s.Blocks.Add(s.Restored(by: o))),
        ["restored to a head that did not stand"] = s => s.Blocks.Add(s.Restored(accepted: 5)),
        ["restored for another customer"] = s => s.Blocks.Add(s.Restored(bend: static r => r with { Customer = Name.Parse("other") })),
        ["restored under a number that was seen"] = s => s.Blocks.Add(s.Restored(next: 9)),
        ["restored and claimed with a fence that was seen"] = s => s.Blocks.AddRange([s.Restored(), s.Claim(7, 1)]),

        ["tail cut"] = s => s.Lines.RemoveAt(s.Lines.Count - 1),
        ["middle cut"] = s => s.Lines.RemoveAt(2 + 5),
        ["order changed"] = s => (s.Lines[2 + 5], s.Lines[2 + 6]) = (s.Lines[2 + 6], s.Lines[2 + 5]),
        ["block repeated"] = s => s.Lines.Insert(2 + 6, s.Lines[2 + 5]),
        ["head cut"] = s => s.Lines.RemoveAt(2),
        ["block altered"] = s => Alter(s, 2 + 8, static r => r with { Block = Flip(r.Block, r.Block.Length - 10) }),
        ["previous altered"] = s => Alter(s, 2 + 8, r => r with { Block = Relinked(r) }),
        ["batch signature altered"] = s =>
            Alter(s, 2 + 8, static r => r with { Batch = r.Batch with { Signature = Flip(r.Batch.Signature, 5) } }),
        ["path altered"] = s => Alter(s, 2 + 8, static r => r with { Path = [.. r.Path.Select(static _ => Digest.Zero)] }),
        ["index altered"] = s => Alter(s, 2 + 8, static r => r with { Index = 0 }),
        ["receipt cut"] = s => s.Lines[2 + 8] = s.Lines[2 + 8] with { Receipt = s.Lines[2 + 8].Receipt[..^1] },
        ["signed by a ledger key that was not entered"] = s => Reseal(s, s.Installation.Issue(Links.Identity.LinkRole.Ledger, "ledger-2")),
        ["cluster chain without its key"] = s => s.Lines.RemoveAt(0),
        ["cluster chain with a dmz certificate"] = s => Cluster(s, s.Installation.Node),
        ["cluster chain of a foreign root"] = s =>
        {
            using var foreign = new TestInstallation();
            Cluster(s, foreign.Ledger);
        },
        ["another past behind the same length"] = s =>
        {
            var lines = s.Lines;
            s.Blocks[15] = (BlockKind.Refusal, new Refusal(Name.Parse("dmz-1"), "user/olga", "launch", "other", 0).Encode());
            s.Seal();
            (s.Lines[0], s.Lines[1]) = (lines[0], lines[1]);
        },
    };

    public static TheoryData<string, ulong, string> ByTheZone => new()
    {
        { "outcome signed by another", 7, "outcome-forged" },
        { "intent left out", 6, "outcome-without-intent" },
        { "outcome before intent", 6, "outcome-without-intent" },
        { "outcome twice", 8, "outcome-conflict" },
        { "use ends twice", 9, "outcome-conflict" },
        { "outcome of another attempt", 7, "outcome-of-another" },
        { "released again after the end", 8, "intent-after-outcome" },
        { "released again with another payload", 7, "request-wrong-payload" },
        { "intent under an old fence", 13, "fence-stale" },
        { "intent under an old head", 6, "head-stale" },
        { "intent for another agent", 6, "hand-off-of-another" },
        { "intent with a first attempt of 2", 6, "attempt-wrong" },
        { "request with a forged signature", 6, "request-bad-signature" },
        { "launch by one who is no user yet", 6, "request-unknown-user" },
        { "launch by one who was removed", 17, "request-unknown-user" },
        { "policy by an operator", 16, "request-role-forbids" },
        { "login as a change", 2, "request-wrong-action" },
        { "change left out", 3 + 1, "head-not-next" },
        { "head by another", 16, "head-forged" },
        { "head that knows another ledger", 16, "head-ledger-differs" },
        { "head that knows the future", 16, "head-ledger-differs" },
        { "lock not lifted", 10, "change-while-locked" },
        { "lift without a request", 11, "claim-without-lift" },
        { "lift of another lock", 11, "lift-wrong" },
        { "claim while locked", 10, "claim-while-locked" },
        { "claim of a used fence", 10, "fence-not-next" },
        { "claim left out", 5, "fence-stale" },
        { "another plan", 0, "plan-of-another" },
        { "other ways of custody", 0, "plan-not-echoed" },
        { "one administrator where two are required", 0, "plan-not-echoed" },
        { "enrolled twice", 1, "enrolment-misplaced" },
        { "a body of another kind", 7, "body-malformed" },
        { "restored by another", 17, "restoration-forged" },
        { "restored to a head that did not stand", 17, "restoration-of-another" },
        { "restored for another customer", 17, "restoration-of-another" },
        { "restored under a number that was seen", 17, "head-not-next" },
        { "restored and claimed with a fence that was seen", 18, "fence-not-next" },
    };

    public static TheoryData<string, string, ulong, string> InTheFile => new()
    {
        { "tail cut", "acme", 16, "tail-cut" },
        { "middle cut", "acme", 5, "position-wrong" },
        { "order changed", "acme", 5, "position-wrong" },
        { "block repeated", "acme", 6, "position-wrong" },
        { "head cut", "acme", 0, "position-wrong" },
        { "block altered", "acme", 8, "receipt-forged" },
        { "previous altered", "acme", 8, "link-broken" },
        { "batch signature altered", "acme", 8, "receipt-forged" },
        { "path altered", "acme", 8, "receipt-forged" },
        { "index altered", "acme", 8, "receipt-forged" },
        { "receipt cut", "acme", 8, "receipt-malformed" },
        { "signed by a ledger key that was not entered", "acme", 0, "ledger-key-unknown" },
        { "cluster chain without its key", "cluster", 0, "position-wrong" },
        { "cluster chain with a dmz certificate", "cluster", 0, "ledger-certificate-refused" },
        { "cluster chain of a foreign root", "cluster", 0, "ledger-certificate-refused" },
        { "another past behind the same length", "acme", 16, "chain-head-differs" },
    };

    public static Action<Story> Of(string name) => Ways[name];

    private static void WithOther(Story story, Action<CustomerSecret> act)
    {
        using var other = CustomerSecret.Create(story.Installation.Cluster, story.Customer, 1, SystemRandom.Fill);
        act(other);
    }

    private static SignedRequest Forged(SignedRequest request) =>
        request with { Signatures = [request.Signatures[0] with { Value = Flip(request.Signatures[0].Value, 3) }] };

    private static byte[] Flip(ReadOnlyMemory<byte> bytes, int at)
    {
        var flipped = bytes.ToArray();
        flipped[at] ^= 1;
        return flipped;
    }

    private static byte[] Relinked(Receipt receipt) =>
        (Statement.Read<Block>(receipt.Block.Span) with { Previous = Digest.Of([1]) }).Encode();

    private static void Alter(Story story, int line, Func<Receipt, Receipt> change) => story.Lines[line] = story.Lines[line] with
    {
        Receipt = change(Statement.Read<Receipt>(story.Lines[line].Receipt)).Encode(),
    };

    private static void Reseal(Story story, Links.Identity.InstallationKey ledger)
    {
        using (ledger)
        {
            var receipts = TestLedger.Seal(ledger, story.Installation.Cluster, story.Customer.Value, story.Blocks, story.Time);
            story.Lines.RemoveRange(2, story.Lines.Count - 2);
            story.Lines.AddRange(receipts.Select(static r => new AuditLine(AuditLine.Customer, r)));
        }
    }

    private static void Cluster(Story story, Links.Identity.InstallationKey ledger) => story.Lines[0] = new AuditLine(
        AuditLine.Cluster,
        TestLedger.Seal(
            ledger, story.Installation.Cluster, Block.ClusterChain,
            [(BlockKind.LedgerKey, new LedgerKeyRecord(ledger.ChainDer[0]).Encode())],
            story.Time)[0]);
}
