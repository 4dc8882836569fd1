using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Console.Tests.Audit;

/// <summary>
/// Changes of what may be handed over, by one of two administrators where two are required for what lets more out. All begin with a
/// policy and a credential under it.
/// </summary>
internal static class Widening
{
    private static readonly string[] One = ["alice"];
    private static readonly string[] Two = ["alice", "erin"];

    private static readonly Dictionary<string, Action<Story>> Wider = new()
    {
        ["another agent"] = static s => Put(s, One, agents: ["web-1", "web-2"]),
        ["another label"] = static s => Put(s, One, labels: ["front", "back"]),
        ["a label for another"] = static s => Put(s, One, labels: ["back"]),
        ["another use"] = static s => Put(s, One, uses: ["file", "hold"]),
        ["another role"] = static s => Put(s, One, roles: [Role.Operator, Role.Administrator]),
        ["an agent of a label's name"] = static s => Put(s, One, agents: ["front"]),
        ["a longer name"] = static s => Put(s, One, agents: ["web-11"]),
        ["a shorter name"] = static s => Put(s, One, agents: ["web"]),
        ["wider by one who signs twice"] = static s => Put(s, ["alice", "alice"], uses: ["file"]),
        ["wider after one who narrowed"] = static s =>
        {
            Put(s, One, agents: []);
            Put(s, One);
        },
        ["wider than one who had nothing"] = static s =>
        {
            Put(s, One, agents: [], labels: [], uses: [], roles: []);
            Put(s, One, agents: [], labels: [], roles: []);
        },
        ["wider and back in one block"] = static s => s.Blocks.Add(s.Change(
            Asked(s, One, "web", agents: ["web-1", "web-2"]), Asked(s, One, "web"))),
        ["another policy"] = static s => Move(s, One, "other"),
        ["the policy that is for brokered calls"] = static s => Move(s, One, "brokered-only"),
        ["moved back after two moved it"] = static s =>
        {
            Move(s, Two, "other");
            Move(s, One, "web");
        },
        ["another policy after another credential went"] = static s =>
        {
            Delete(s, "another");
            Move(s, One, "other");
        },
    };

    private static readonly Dictionary<string, Action<Story>> NoWider = new()
    {
        ["the same"] = static s => Put(s, One),
        ["in another order"] = static s =>
        {
            Put(s, Two, agents: ["web-1", "web-2"]);
            Put(s, One, agents: ["web-2", "web-1"]);
        },
        ["narrower"] = static s => Put(s, One, agents: [], roles: []),
        ["another policy that is new"] = static s => Put(s, One, "other", agents: ["web-2"]),
        ["wider by two"] = static s => Put(s, Two, agents: ["web-1", "web-2"], uses: ["hold", "file"]),
        ["as wide as two made it"] = static s =>
        {
            Put(s, Two, agents: ["web-1", "web-2"]);
            Put(s, One, agents: ["web-2"]);
        },
        ["under the same policy"] = static s => Move(s, One, "web"),
        ["another credential under another policy"] = static s => Move(s, One, "other", credential: "another"),
        ["moved by two"] = static s => Move(s, Two, "other"),
        ["where two moved it"] = static s =>
        {
            Move(s, Two, "other");
            Move(s, One, "other");
        },
        ["put anew after it was deleted"] = static s =>
        {
            Delete(s, "key");
            Move(s, One, "other");
        },
    };

    /// <summary>What needs two.</summary>
    public static IEnumerable<string> Lies => Wider.Keys;

    /// <summary>What needs one, or has two.</summary>
    public static IEnumerable<string> Honest => NoWider.Keys;

    /// <summary>The story of a case.</summary>
    public static Story Tell(string name)
    {
        var story = new Story(administratorsRequired: 2, isShort: true);
        Put(story, One);
        Move(story, One, "web");
        (Wider.GetValueOrDefault(name) ?? NoWider[name])(story);
        return story.Seal();
    }

    private static void Put(
        Story story, string[] signers, string policy = "web", string[]? agents = null, string[]? labels = null, string[]? uses = null,
        Role[]? roles = null) => story.Blocks.Add(story.Change(Asked(story, signers, policy, agents, labels, uses, roles)));

    private static SignedRequest Asked(
        Story story, string[] signers, string policy, string[]? agents = null, string[]? labels = null, string[]? uses = null,
        Role[]? roles = null) => story.Ask(
            signers[0], UserAction.PutPolicy, new PutPolicyPayload(
                Name.Parse(policy), Names(agents ?? ["web-1"]), Names(labels ?? ["front"]), Names(uses ?? ["hold"]),
                roles ?? [Role.Operator]).Encode(), signers[1..]);

    private static void Move(Story story, string[] signers, string policy, string credential = "key") => story.Blocks.Add(story.Change(
        story.Ask(signers[0], UserAction.PutCredential, new PutCredentialPayload(
            Name.Parse(credential), CredentialKind.Opaque, Name.Parse(policy), 0, Digest.Zero).Encode(), signers[1..])));

    private static void Delete(Story story, string credential) => story.Blocks.Add(story.Change(
        story.Ask("alice", UserAction.DeleteCredential, new NamePayload(Name.Parse(credential)).Encode())));

    private static Name[] Names(string[] names) => [.. names.Select(Name.Parse)];
}
