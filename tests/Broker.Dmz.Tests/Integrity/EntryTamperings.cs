using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using static Broker.Dmz.Tests.Integrity.Tampering;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>Rows and directory: everything that stands under the head.</summary>
internal static class EntryTamperings
{
    private const string Altered = "entry-altered";

    private static readonly string[] Entries = ["entries"];
    private static readonly string[] EntriesAndTree = ["entries", "nodes"];

    public static Dictionary<string, Tampering> Table { get; } = new()
    {
        ["a row with altered bytes"] = new(Altered, Meet.ALaunch, s =>
            $"UPDATE entries SET statement = zeroblob(length(statement)) WHERE {s.Entry("row", "db/1")}"),
        ["a row in the place of another credential's"] = new(Altered, Meet.ALaunch, s => Take(s, "row", "db/1", s.Id, "spare/1"))
        {
            First = s => s.Customer.PutCredential("spare", "other"u8.ToArray(), "web"),
        },
        ["a row in the place of another customer's"] = new(Altered, Meet.ALaunch, s => Take(s, "row", "db/1", s.Other.Name.Value, "db/1")),
        ["an older row in the place of the newer"] = new(Altered, Meet.ALaunch, s => Take(s, "row", "db/2", s.Id, "db/1"))
        {
            First = s => s.Customer.PutCredential("db", "newer"u8.ToArray(), "web", 1),
        },
        ["a row removed"] = new(Altered, Meet.ALaunch, s => $"DELETE FROM entries WHERE {s.Entry("row", "db/1")}"),
        ["a credential with its row resurrected"] = new(Altered, Meet.ALaunch, s => PutBack(s, "entries"))
        {
            Keep = Entries,
            Then = s => s.Customer.Change(UserAction.DeleteCredential, new NamePayload(TestCustomer.N("db"))),
        },
        ["a row twice, under another version"] = new(Altered, Meet.ALaunchOfVersion9, s =>
            $"INSERT INTO entries SELECT customer, type, 'db/9', statement, signature, epoch FROM entries WHERE {s.Entry("row", "db/1")}"),
        ["all entries and the tree older"] = new("tree-altered", Meet.ALaunch, s => PutBack(s, EntriesAndTree))
        {
            Keep = EntriesAndTree,
            Then = s => s.Customer.PutCredential("db", "newer"u8.ToArray(), "web", 1),
        },
        ["a user's role raised"] = new(Altered, Meet.APutByCarol, s => Replace(
            s, EntryKey.User(TestCustomer.N("carol")), User(s, "carol", Role.Administrator, s.Customer.Users["carol"]))),
        ["a user's key replaced"] = new(Altered, Meet.APutWithMallorysKey, s => Replace(
            s, EntryKey.User(TestCustomer.N("alice")), User(s, "alice", Role.Administrator, s.Token))),
        ["a removed user resurrected"] = new(Altered, Meet.APutByCarol, s => PutBack(s, "entries"))
        {
            Keep = Entries,
            Then = s => s.Customer.Change(UserAction.RemoveUser, new NamePayload(TestCustomer.N("carol"))),
        },
        ["a user added"] = new(Altered, Meet.APutByMallory, s =>
            $"INSERT INTO entries VALUES ('{s.Id}', 'user', 'mallory', {User(s, "mallory", Role.Administrator, s.Token)}, " +
            "zeroblob(64), NULL)"),
        ["a user removed"] = new(Altered, Meet.ALock, s => $"DELETE FROM entries WHERE {s.Entry("user", "alice")}"),
        ["an agent's key replaced"] = new(Altered, Meet.ALaunch, s => Replace(
            s, EntryKey.Grant(s.Agent.Name), Scene.Hex(s.Agent.Grant with { Key = s.Token.Key }))),
        ["a revoked grant resurrected"] = new(Altered, Meet.ALaunch, s => PutBack(s, "entries"))
        {
            Keep = Entries,
            Then = s => s.Customer.Change(UserAction.RemoveAgent, new NamePayload(s.Agent.Name)),
        },
        ["a policy widened"] = new(Altered, Meet.ALaunch, s => Replace(s, EntryKey.Policy(TestCustomer.N("web")), Wider(s))),
        ["a policy widened, as a list shows it"] = new(Altered, Meet.AListOfPolicies, s => Replace(
            s, EntryKey.Policy(TestCustomer.N("web")), Wider(s))),
        ["a policy removed"] = new(Altered, Meet.ALaunch, s => $"DELETE FROM entries WHERE {s.Entry("policy", "web")}"),
        ["an older policy in the place of the newer"] = new(Altered, Meet.ALaunch, s => PutBack(s, "entries"))
        {
            Keep = Entries,
            Then = s => s.Customer.PutPolicy("web", agents: []),
        },
        ["a node of the tree removed"] = new("tree-altered", Meet.ALaunch, s =>
            $"DELETE FROM nodes WHERE customer = '{s.Id}' AND position = X'0000'"),
        ["a node of the tree altered"] = new("tree-altered", Meet.APut, s =>
            $"UPDATE nodes SET node = zeroblob(length(node)) WHERE customer = '{s.Id}' AND length(position) > 2"),
        ["a node of the tree cut"] = new("tree-altered", Meet.APut, s => $"UPDATE nodes SET node = X'00' WHERE customer = '{s.Id}'"),
        ["a row and the leaf in its node altered"] = new("tree-altered", Meet.ALaunch, s => OtherLeaf(s)),
    };

    private static string Take(Scene s, string type, string id, string fromCustomer, string fromId) =>
        $"UPDATE entries SET statement = (SELECT statement FROM entries WHERE customer = '{fromCustomer}' AND type = '{type}' AND " +
        $"id = '{fromId}') WHERE {s.Entry(type, id)}";

    private static string Replace(Scene s, EntryKey key, string statement) =>
        $"UPDATE entries SET statement = {statement} WHERE {s.Entry(key.Type, key.Id)}";

    private static string User(Scene s, string user, Role role, SignerKey key) =>
        Scene.Hex(new UserEntry(s.World.Node.Cluster, s.Customer.Name, TestCustomer.N(user), role, key.Key));

    private static string Wider(Scene s) => Scene.Hex(new ReleasePolicy(
        s.World.Node.Cluster, s.Customer.Name, TestCustomer.N("web"), [TestCustomer.N("web-1"), TestCustomer.N("evil")], [],
        [TestCustomer.N("hold")], [Role.Administrator, Role.Operator, Role.Monitor]));

    // The new value of the row is written into the node that holds its leaf, while the hashes above stay.
    private static string OtherLeaf(Scene s)
    {
        var key = EntryKey.Row(TestCustomer.N("db"), 1).LeafKey;
        var statement = new byte[100];
        var value = Protocol.Identifiers.Digest.Of(statement);
        var place = $"instr(node, {Scene.Hex(key.ToArray())})";
        return $"UPDATE entries SET statement = {Scene.Hex(statement)} WHERE {s.Entry("row", "db/1")};" +
            $"UPDATE nodes SET node = CAST(substr(node, 1, {place} + 31) || {Scene.Hex(value.ToArray())} || " +
            $"substr(node, {place} + 64) AS BLOB) WHERE customer = '{s.Id}' AND {place} > 0;";
    }
}
