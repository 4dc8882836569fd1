using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Requests;
using static Broker.Dmz.Tests.Integrity.Tampering;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>What stands under no head: journal, idempotency keys, invitations, generations, and the ledger itself.</summary>
internal static class JournalTamperings
{
    private const string Journal = "journal-altered";
    private const string Ledger = "ledger-altered";
    private const string Invitation = "invitation-altered";

    private static readonly string[] Invitations = ["invitations"];

    public static Dictionary<string, Tampering> Table { get; } = new()
    {
        ["a hand-off that has ended set back to released"] = new(Codes.HandOffReplayed, Meet.TheSameLaunch, s =>
            $"UPDATE hand_offs SET state = 'released' WHERE customer = '{s.Id}'; " +
            $"UPDATE customers SET open_hand_offs = 1, open_uses = 0 WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["a hand-off that no longer counts as open"] = new(Journal, Meet.TheJournal, s =>
            $"UPDATE hand_offs SET open = 0 WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["an open hand-off removed"] = new(Journal, Meet.AStatus, s => $"DELETE FROM hand_offs WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["a hand-off removed and no longer counted"] = new(Journal, Meet.TheSameLaunch, s =>
            $"DELETE FROM hand_offs WHERE customer = '{s.Id}'; UPDATE customers SET open_uses = 0 WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["a hand-off with another request"] = new(Journal, Meet.TheJournal, s =>
            $"UPDATE hand_offs SET request = zeroblob(32) WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["a hand-off to another agent"] = new(Journal, Meet.TheJournal, s =>
            $"UPDATE hand_offs SET agent = 'web-2' WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["a hand-off that names another intent"] = new(Journal, Meet.TheJournal, s =>
            $"UPDATE hand_offs SET intent = 0 WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["the idempotency key of a launch removed"] = new(Journal, Meet.TheSameLaunch, Forgotten) { First = HandOver },
        ["every trace of a launch removed but its intent"] = new(Codes.HandOffReplayed, Meet.TheSameLaunch, s =>
            Forgotten(s) + $"DELETE FROM hand_offs WHERE customer = '{s.Id}'; " +
            $"UPDATE customers SET open_uses = 0 WHERE customer = '{s.Id}'")
        {
            First = HandOver,
        },
        ["the idempotency key of a change removed"] = new(Codes.AlreadyCommitted, Meet.TheSameChange, Forgotten) { First = ChangeOnce },
        ["an invitation that was redeemed opened again"] = new(Codes.AlreadyCommitted, Meet.ARedemption, s => PutBack(s, Invitations))
        {
            First = Invite,
            Keep = Invitations,
            Then = async s => Assert.Equal("enrolled", await Meet.ARedemption(s)),
        },
        ["an invitation that lives longer"] = new(Invitation, Meet.ARedemption, s =>
            $"UPDATE invitations SET not_after = not_after + 86400000 WHERE customer = '{s.Id}'")
        {
            First = Invite,
        },
        ["an invitation for another agent"] = new(Invitation, Meet.ARedemption, s =>
            $"UPDATE invitations SET agent = 'evil' WHERE customer = '{s.Id}'")
        {
            First = Invite,
        },
        ["an invitation with another token"] = new(Invitation, Meet.ARedemption, s =>
            $"UPDATE invitations SET token = {Scene.Hex(s.Token.Key.Fingerprint.ToArray())} WHERE customer = '{s.Id}' AND agent = 'web-9'")
        {
            First = s => s.Customer.Invite("web-9", new SignerKey()),
        },
        ["an agent's generation lowered"] = new("generation-ahead", Meet.ASession, s =>
            $"UPDATE generations SET generation = 0 WHERE customer = '{s.Id}'")
        {
            First = AnotherSession,
        },
        ["an agent's generation raised"] = new(Codes.AgentSuspended, Meet.ASession, s =>
            $"UPDATE generations SET generation = 9 WHERE customer = '{s.Id}'"),
        ["the last block altered"] = new(Ledger, Meet.AStatus, s => Block(s, "block = zeroblob(length(block))", Last(s))),
        ["the last block removed"] = new(Ledger, Meet.ALaunch, s => $"DELETE FROM blocks WHERE chain = '{s.Id}' AND {Last(s)}"),
        ["the end of the chain moved back"] = new(Ledger, Meet.APut, s =>
            $"UPDATE chains SET length = length - 1 WHERE chain = '{s.Id}'"),
        ["the chain removed"] = new(Ledger, Meet.AStatus, s =>
            $"DELETE FROM blocks WHERE chain = '{s.Id}'; DELETE FROM chains WHERE chain = '{s.Id}'"),
        ["two blocks exchanged"] = new(Ledger, Meet.AStatus, s =>
            Block(s, "position = -1", Last(s)) + Block(s, "position = position + 1", Last(s, 1)) +
            Block(s, $"position = (SELECT length - 2 FROM chains WHERE chain = '{s.Id}')", "position = -1")),
        ["a batch's signature altered"] = new(Ledger, Meet.AStatus, s =>
            $"UPDATE batches SET signature = zeroblob(64) WHERE id = (SELECT max(batch) FROM blocks WHERE chain = '{s.Id}')"),
        ["a batch removed"] = new(Ledger, Meet.AReadingOfTheLedger, s =>
            $"DELETE FROM batches WHERE id = (SELECT min(batch) FROM blocks WHERE chain = '{s.Id}')"),
    };

    private static Task HandOver(Scene s) => s.HandOver();

    private static async Task ChangeOnce(Scene s)
    {
        s.Launch = s.Customer.Request(UserAction.PutPolicy, s.Customer.Policy("once", ["web-1"]));
        Assert.Equal("changed", await Meet.TheSameChange(s));
    }

    private static async Task Invite(Scene s) => s.Invitation = await s.Customer.Invite("web-9", s.Token);

    private static async Task AnotherSession(Scene s) => Assert.Equal("connected", await Meet.ASession(s));

    private static string Forgotten(Scene s) => $"DELETE FROM idempotency WHERE customer = '{s.Id}';";

    private static string Block(Scene s, string set, string where) => $"UPDATE blocks SET {set} WHERE chain = '{s.Id}' AND {where};";

    private static string Last(Scene s, int before = 0) =>
        $"position = (SELECT length - {1 + before} FROM chains WHERE chain = '{s.Id}')";
}
