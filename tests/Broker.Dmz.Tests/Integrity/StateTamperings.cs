using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Custody;
using static Broker.Dmz.Tests.Integrity.Tampering;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>The customer's row: custody record, head, fence, owner and lock.</summary>
internal static class StateTamperings
{
    private const string CustodyCode = "custody-altered";
    private const string Head = "head-altered";
    private const string Fence = "fence-altered";
    private const string Lock = "lock-altered";

    private static readonly string[] Customers = ["customers"];
    private static readonly string[] WithTree = ["customers", "entries", "nodes"];
    private static readonly string[] Everything =
        ["customers", "entries", "nodes", "hand_offs", "idempotency", "invitations", "generations", "blocks", "chains"];
    private static readonly string[] LockAndLedger = ["customers", "idempotency", "blocks", "chains"];

    public static Dictionary<string, Tampering> Table { get; } = new()
    {
        ["a custody record with a lower threshold"] = new(CustodyCode, Meet.AStatus, s => Set(
            s, $"custody = {Scene.Hex(WithWay(s, way => way with { Threshold = 1 }))}")),
        ["a custody record with another custodian"] = new(CustodyCode, Meet.AnUnlock, s => Set(
            s, $"custody = {Scene.Hex(WithOtherCustodian(s))}")),
        ["custody record and head of an identity that somebody made"] = new(CustodyCode, Meet.AnUnlock, AnotherIdentity),
        ["another customer's custody record"] = new(CustodyCode, Meet.AStatus, s => Set(s, OfOther(s, "custody", "custody_signature"))),
        ["a custody record that is none"] = new(CustodyCode, Meet.APut, s => Set(s, "custody = X'00'")),
        ["the custody record's entry altered"] = new("entry-altered", Meet.AStatus, s =>
            $"UPDATE entries SET statement = {Scene.Hex(WithWay(s, way => way with { Threshold = 1 }))} WHERE {s.Entry("custody", "1")}"),
        ["an older head"] = new(Head, Meet.ALaunch, s => PutBack(s, Customers)) { Keep = Customers, Then = Newer },
        ["an older head with its entries and its tree"] = new(Head, Meet.ALaunch, s => PutBack(s, WithTree))
        {
            Keep = WithTree,
            Then = Newer,
        },
        ["an older customer altogether, for a launch"] = new(Codes.HeadRolledBack, Meet.ALaunch, s => PutBack(s, Everything))
        {
            Keep = Everything,
            Then = Newer,
        },
        ["an older customer altogether, for a change"] = new(Codes.HeadRolledBack, Meet.APut, s => PutBack(s, Everything))
        {
            Keep = Everything,
            Then = Newer,
        },
        ["an older customer altogether, for an unlock"] = new(Codes.HeadRolledBack, Meet.AnUnlock, s => PutBack(s, Everything))
        {
            Keep = Everything,
            Then = Newer,
        },
        ["a head with a raised counter"] = new(Head, Meet.ALaunch, s => Set(s, $"head = {Scene.Hex(Raised(s))}")),
        ["another customer's head"] = new(Head, Meet.AStatus, s => Set(s, OfOther(s, "head", "head_signature"))),
        ["a fence lowered"] = new(Fence, Meet.ALaunch, s => Set(s, "fence = fence - 1")) { First = TwoFences },
        ["a fence raised"] = new(Fence, Meet.ALaunch, s => Set(s, "fence = fence + 1")),
        ["a fence that is no number of ours"] = new("record-altered", Meet.ALaunch, s => Set(s, "fence = -1")),
        ["another owner"] = new(Fence, Meet.AStatus, s => Set(s, "owner_node = 'dmz-9'")),
        ["a claim taken back with its block"] = new(Codes.FenceRolledBack, Meet.AnUnlock, s => PutBack(s, LockAndLedger))
        {
            Keep = LockAndLedger,
            Then = TwoFences,
        },
        ["a lock generation lowered"] = new(Lock, Meet.AnUnlock, s => Set(s, "lock_generation = lock_generation - 1"))
        {
            First = s => Meet.RaiseLock(s.Customer),
        },
        ["a lock declared lifted"] = new(Lock, Meet.AnUnlock, s => Set(s, "lifted_generation = lock_generation"))
        {
            First = s => Meet.RaiseLock(s.Customer),
        },
        ["a lock taken back with its block"] = new(Codes.LockRolledBack, Meet.AnUnlock, s => PutBack(s, LockAndLedger))
        {
            Keep = LockAndLedger,
            Then = s => Meet.RaiseLock(s.Customer),
        },
    };

    private static string Set(Scene s, string what) => $"UPDATE customers SET {what} WHERE customer = '{s.Id}'";

    private static string OfOther(Scene s, string statement, string signature) =>
        $"({statement}, {signature}) = (SELECT {statement}, {signature} FROM customers WHERE customer = '{s.Other.Name}')";

    private static Task<uint> Newer(Scene s) => s.Customer.PutCredential("db", "newer"u8.ToArray(), "web", 1);

    private static async Task TwoFences(Scene s)
    {
        await s.Customer.Wipe();
        await s.Customer.Unlock();
        await s.Agent.Greet();
    }

    private static CustodyRecord WithOtherCustodian(Scene s) => WithWay(
        s, way => way with { Holders = [.. way.Holders.Skip(1), new(TestCustomer.N("mallory"), s.Token.Key)] });

    private static CustodyRecord WithWay(Scene s, Func<CustodyWay, CustodyWay> bend)
    {
        var custody = s.Customer.Custody;
        return custody with { Ways = [custody.Shares! with { Way = bend(custody.Shares!.Way) }] };
    }

    private static string AnotherIdentity(Scene s)
    {
        var custody = s.Token.Sign(s.Customer.Custody with { Identity = s.Token.Key });
        var head = s.Token.Sign(CurrentHead(s));
        return Set(
            s, $"custody = {Scene.Hex(custody.Statement.Span)}, custody_signature = {Scene.Hex(custody.Signature.Span)}, " +
            $"head = {Scene.Hex(head.Statement.Span)}, head_signature = {Scene.Hex(head.Signature.Span)}");
    }

    private static Protocol.Directory.CustomerHead Raised(Scene s) => CurrentHead(s) with { Counter = CurrentHead(s).Counter + 5 };

    private static Protocol.Directory.CustomerHead CurrentHead(Scene s) =>
        WireSigned.From(s.Customer.ZoneState().GetAwaiter().GetResult().Head).Read<Protocol.Directory.CustomerHead>();
}
